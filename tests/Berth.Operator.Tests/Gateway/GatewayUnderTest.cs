using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Berth.Operator.Gateway;
using Berth.Operator.Hosting;
using Berth.Operator.Leadership;
using Berth.Operator.Options;
using Berth.Operator.Telemetry;
using Berth.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Berth.Operator.Tests.Gateway;

/// <summary>The real gateway in this process, leading, before an API server that only knows tokens.</summary>
internal sealed class GatewayUnderTest : IAsyncDisposable
{
    private readonly WebApplication _api;
    private readonly WebApplication _app;
    private readonly ServiceProvider _services;
    private readonly ErrorLog _errors = new();
    private int _reviewing;

    private GatewayUnderTest(WebApplication api, int maxConnections)
    {
        _api = api;
        var options = new OperatorOptions { Gateway = new GatewaySection { MaxConnections = maxConnections }, Postgres = new PostgresSection { ConnectionString = "Host=127.0.0.1;Port=1;Username=nobody;Database=none;Timeout=1" } };
        var services = new ServiceCollection().AddLogging(l => l.ClearProviders().AddProvider(_errors));
        services.AddSingleton(OtlpSettings.Read(new ConfigurationBuilder().Build())).AddOperator(options, new KubernetesConfig { Server = new Uri(api.Urls.First()) });
        _services = services.BuildServiceProvider();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(_errors);
        builder.WebHost.ConfigureKestrel(k =>
        {
            GatewayLimits.Apply(k.Limits, options.Gateway);
            k.Listen(IPAddress.Loopback, 0);
        });
        _app = builder.Build();
        _app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero });
        _services.GetRequiredService<GatewayEndpoints>().Map(_app);
        _services.GetRequiredService<LeaderState>().Begin(new Term("test", 7, DateTimeOffset.UtcNow, _ => Task.FromResult(true), CancellationToken.None));
    }

    /// <summary>What the API server says of each token.</summary>
    public ConcurrentDictionary<string, JsonObject> Tokens { get; } = new();

    public int Reviews;

    public int MostReviewsAtOnce;

    public TimeSpan ReviewTakes { get; set; }

    public IReadOnlyCollection<string> Errors => _errors.Lines;

    public Uri Address => new(_app.Urls.First());

    public ClusterCache Cache => _services.GetRequiredService<ClusterCache>();

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    public static async Task<GatewayUnderTest> StartAsync(int maxConnections = 100)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var api = builder.Build();
        GatewayUnderTest? gateway = null;
        api.MapPost("/apis/authentication.k8s.io/v1/tokenreviews", (HttpContext context) => gateway!.ReviewAsync(context));
        await api.StartAsync();
        gateway = new GatewayUnderTest(api, maxConnections);
        await gateway._app.StartAsync();
        return gateway;
    }

    /// <summary>A pod of a pool and the token that its agent shows.</summary>
    public string AddPod(string name, string ns = "ns", string? audience = Names.TokenAudience, bool inPool = true, bool bound = true)
    {
        var (token, uid) = ($"token-of-{name}-{Guid.NewGuid():N}", $"uid-{name}");
        if (inPool) Cache.Pods.Wrote(new Pod { Metadata = new ObjectMeta { Name = name, Namespace = ns, Uid = uid, ResourceVersion = "1", Labels = new Dictionary<string, string> { [Names.PoolLabel] = "pool" } } });
        var extra = bound ? new JsonObject { ["authentication.kubernetes.io/pod-name"] = new JsonArray(name), ["authentication.kubernetes.io/pod-uid"] = new JsonArray(uid) } : [];
        Tokens[token] = new JsonObject { ["authenticated"] = audience == Names.TokenAudience, ["audiences"] = new JsonArray(audience), ["user"] = new JsonObject { ["username"] = $"system:serviceaccount:{ns}:default", ["extra"] = extra } };
        return token;
    }

    public async Task<ClientWebSocket> ConnectAsync(string? token)
    {
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        if (token is not null) socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await socket.ConnectAsync(new UriBuilder(Address) { Scheme = "ws", Path = ProtocolFacts.ConnectPath }.Uri, limit.Token);
        return socket;
    }

    /// <summary>The status with which a connection is refused; 101 if it is not.</summary>
    public async Task<int> StatusAsync(string? token)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, ProtocolFacts.ConnectPath));
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", Convert.ToBase64String(Guid.NewGuid().ToByteArray()));
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return (int)answer.StatusCode;
    }

    public static Hello HelloOf(string pod, string ns = "ns", int protocol = ProtocolFacts.Version) => new() { Namespace = ns, Pod = pod, PodUid = $"uid-{pod}", Protocol = protocol };

    public static async Task SendAsync(ClientWebSocket socket, byte[] frame) => await socket.SendAsync(frame, WebSocketMessageType.Text, true, CancellationToken.None);

    /// <summary>The next frame; null when the gateway ended the connection.</summary>
    public static async Task<Frame?> ReceiveAsync(ClientWebSocket socket, int seconds = 30)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        var buffer = new byte[1 << 20];
        try
        {
            var got = await socket.ReceiveAsync(buffer.AsMemory(), limit.Token);
            return got.MessageType == WebSocketMessageType.Close ? null : ProtocolJson.Read(buffer.AsSpan(0, got.Count));
        }
        catch (WebSocketException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _api.DisposeAsync();
        await _services.DisposeAsync();
    }

    private async Task ReviewAsync(HttpContext context)
    {
        var review = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
        Interlocked.Increment(ref Reviews);
        var now = Interlocked.Increment(ref _reviewing);
        for (var most = MostReviewsAtOnce; now > most && Interlocked.CompareExchange(ref MostReviewsAtOnce, now, most) != most; most = MostReviewsAtOnce) { }
        if (ReviewTakes > TimeSpan.Zero) await Task.Delay(ReviewTakes);
        Interlocked.Decrement(ref _reviewing);
        review["status"] = Tokens.TryGetValue((string)review["spec"]!["token"]!, out var status) ? status.DeepClone() : new JsonObject { ["authenticated"] = false, ["error"] = "unknown token" };
        context.Response.StatusCode = 201;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(review.ToJsonString());
    }

    private sealed class ErrorLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) Lines.Enqueue($"{formatter(state, exception)} {exception}");
        }

        public void Dispose()
        {
        }
    }
}
