namespace Berth.Benchmarks.Runtime;

/// <summary>A network that can be down.</summary>
internal sealed class GapHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    public bool IsDown { get; set; }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        IsDown ? throw new HttpRequestException("the network is down") : base.SendAsync(request, cancellationToken);
}
