using Berth.Kubernetes;
using Berth.Operator.Hosting;
using Berth.Operator.Options;
using Berth.Operator.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Berth.Operator.Tests.Telemetry;

/// <summary>The operator's parts as they are put together in the process; nothing is contacted.</summary>
internal sealed class OperatorProcess : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private OperatorProcess(ServiceProvider services) => _services = services;

    public TelemetryService Telemetry => Get<TelemetryService>();

    public static async Task<OperatorProcess> StartAsync(params (string Name, string Value)[] variables)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(variables.ToDictionary(v => v.Name, v => (string?)v.Value)).Build();
        var options = new OperatorOptions { Identity = "test", Postgres = new PostgresSection { ConnectionString = "Host=127.0.0.1;Port=1;Database=none;Username=nobody" }, Images = new ImagesSection { Agent = "berth" } };
        var otlp = OtlpSettings.Read(configuration);
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddSingleton(otlp);
        services.AddLogging(logging => TelemetryService.AddLogs(logging, options, otlp));
        services.AddOperator(options, new KubernetesConfig { Server = new Uri("http://127.0.0.1:1") });
        var process = new OperatorProcess(services.BuildServiceProvider());
        await process.Telemetry.StartAsync(CancellationToken.None);
        return process;
    }

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    public ILogger Log(string category) => Get<ILoggerFactory>().CreateLogger(category);

    public async ValueTask DisposeAsync()
    {
        await Telemetry.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }
}
