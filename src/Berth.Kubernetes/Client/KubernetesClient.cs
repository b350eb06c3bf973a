using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Berth.Kubernetes;

/// <summary>A client of the Kubernetes API. Thread-safe; one per process and identity is enough.</summary>
/// <remarks>Every failure is a <see cref="KubernetesException"/>, except the caller's own cancellation. Answers with Retry-After (429, 5xx)
/// are waited for and repeated; nothing else is retried here.</remarks>
public sealed partial class KubernetesClient : IDisposable
{
    private readonly KubernetesConfig _config;
    private readonly KubernetesClientOptions _options;
    private readonly Credential _credential;
    private readonly ILogger _log;
    private readonly string _prefix;
    private readonly Lock _lock = new();
    private CredentialSnapshot? _current;
    private HttpMessageInvoker _http;

    /// <summary>A client for a configuration.</summary>
    public KubernetesClient(KubernetesConfig config, KubernetesClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        _config = config;
        _options = options ?? new();
        _credential = Credential.From(config, _options.Time);
        _log = _options.Logging?.CreateLogger<KubernetesClient>() ?? (ILogger)NullLogger.Instance;
        _prefix = config.Server.AbsoluteUri.TrimEnd('/');
        _http = Connect();
    }

    /// <summary>Where the API server is.</summary>
    public Uri Server => _config.Server;

    /// <summary>The namespace of the configuration; <c>default</c> when it names none.</summary>
    public string DefaultNamespace => _config.Namespace ?? "default";

    internal TimeProvider Time => _options.Time;

    internal ILoggerFactory Logging => _options.Logging ?? NullLoggerFactory.Instance;

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    /// <summary>Sends any request and returns the successful answer, its body unread. The caller disposes it.</summary>
    /// <exception cref="KubernetesException">The server did not answer, or not with success.</exception>
    public async Task<HttpResponseMessage> SendAsync(ApiRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        CredentialSnapshot? refused = null;
        for (var attempt = 0; ; attempt++)
        {
            var (response, credential) = await SendOnceAsync(request, refused, cancellationToken);
            if (response.IsSuccessStatusCode) return response;
            using (response)
            {
                if (response.StatusCode == HttpStatusCode.Unauthorized && refused is null
                    && await RenewAsync(credential, cancellationToken))
                {
                    refused = credential;
                    continue;
                }
                var error = await ReadErrorAsync(response, cancellationToken);
                if (attempt >= _options.MaxRetries || PauseOf(response) is not { } pause) throw error;
                LogRetry(request.Method, request.Path, (int)response.StatusCode, pause);
                await Task.Delay(pause, _options.Time, cancellationToken);
            }
        }
    }

    /// <summary>Sends any request and returns the whole body.</summary>
    /// <exception cref="KubernetesException">The server did not answer, or not with success.</exception>
    public Task<byte[]> SendForBytesAsync(ApiRequest request, CancellationToken cancellationToken = default) =>
        ExchangeAsync(request, static body => body.ToArray(), cancellationToken);

    /// <summary>Sends any request and returns the body as a stream, without a time limit: logs and the like.</summary>
    /// <exception cref="KubernetesException">The server did not answer, or not with success.</exception>
    public async Task<Stream> OpenStreamAsync(string path, string accept = "*/*", CancellationToken cancellationToken = default)
    {
        var response = await SendAsync(new() { Method = HttpMethod.Get, Path = path, Accept = accept, IsStream = true, Verb = "stream" }, cancellationToken);
        return new ResponseStream(response, await response.Content.ReadAsStreamAsync(cancellationToken));
    }

    /// <summary>Sends a request, reads its whole body under the time limit of the client, and converts it.</summary>
    internal async Task<TResult> ExchangeAsync<TResult>(ApiRequest request, Func<ReadOnlyMemory<byte>, TResult> convert, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(request, cancellationToken);
        using var limit = Limit(cancellationToken);
        using var body = new PooledBuffer();
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(limit.Token);
            await body.FillAsync(stream, limit.Token);
        }
        catch (Exception error) when (IsTransport(error, cancellationToken))
        {
            throw NoAnswer(request, error);
        }
        try
        {
            return convert(body.Written);
        }
        catch (JsonException error)
        {
            throw new KubernetesException($"{request.Method} {request.Path}: the answer of the server cannot be read: {error.Message}", error);
        }
    }

    internal static bool IsTransport(Exception error, CancellationToken caller) =>
        error is HttpRequestException or IOException or HttpProtocolException or System.Security.Authentication.AuthenticationException
        || (error is OperationCanceledException && !caller.IsCancellationRequested);

    private TimeLimit Limit(CancellationToken cancellationToken) => new(_options.RequestTimeout, _options.Time, cancellationToken);

    private async Task<(HttpResponseMessage Response, CredentialSnapshot Credential)> SendOnceAsync(ApiRequest request, CredentialSnapshot? refused, CancellationToken cancellationToken)
    {
        if (_options.Throttle is { } throttle) await throttle(cancellationToken);
        var credential = Use(await _credential.GetAsync(refused, cancellationToken));
        using var message = Compose(request, credential);
        using var limit = Limit(cancellationToken);
        var started = Stopwatch.GetTimestamp();
        var code = "<error>";
        try
        {
            var response = await _http.SendAsync(message, limit.Token);
            code = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            return (response, credential);
        }
        catch (Exception error) when (IsTransport(error, cancellationToken))
        {
            throw NoAnswer(request, error);
        }
        finally
        {
            KubernetesMetrics.Request(request.Verb ?? request.Method.Method, code, _config.Server.Authority, Stopwatch.GetElapsedTime(started));
        }
    }

    private HttpRequestMessage Compose(ApiRequest request, CredentialSnapshot credential)
    {
        var message = new HttpRequestMessage(request.Method, _prefix + request.Path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Headers.Authorization = credential.Authorization;
        message.Headers.TryAddWithoutValidation("Accept", request.Accept);
        message.Headers.TryAddWithoutValidation("User-Agent", _options.UserAgent);
        if (_config.TlsServerName is { } name) message.Headers.Host = name;
        if (_config.ImpersonateUser is { } user) message.Headers.TryAddWithoutValidation("Impersonate-User", user);
        foreach (var group in _config.ImpersonateGroups) message.Headers.TryAddWithoutValidation("Impersonate-Group", group);
        if (request.Body is { } body)
        {
            message.Content = new ReadOnlyMemoryContent(body);
            message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(request.ContentType);
        }
        return message;
    }

    private async Task<bool> RenewAsync(CredentialSnapshot refused, CancellationToken cancellationToken) =>
        !ReferenceEquals(await _credential.GetAsync(refused, cancellationToken), refused);

    // A connection keeps the client certificate it was made with: another certificate needs other connections. The old ones go on
    // with what runs on them, watches too, and close by themselves once idle.
    private CredentialSnapshot Use(CredentialSnapshot credential)
    {
        if (ReferenceEquals(_current, credential)) return credential;
        lock (_lock)
        {
            var previous = _current;
            _current = credential;
            if (previous is null || ReferenceEquals(previous.Certificate, credential.Certificate)) return credential;
            _http = Connect();
        }
        return credential;
    }

    private HttpMessageInvoker Connect() =>
        new(_options.Handler ?? Transport.Create(_config, _options, () => _current?.Certificate), disposeHandler: _options.Handler is null);

    private static KubernetesException NoAnswer(ApiRequest request, Exception error)
    {
        var cause = error is OperationCanceledException ? "timed out" : (error.InnerException ?? error).Message;
        return new($"{request.Method} {request.Path}: no answer: {cause}", error);
    }

    private async Task<KubernetesException> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        var text = "";
        try
        {
            text = await response.Content.ReadAsStringAsync(limit.Token);
        }
        catch (Exception error) when (IsTransport(error, cancellationToken))
        {
            text = $"(the rest of the answer was lost: {error.Message})";
        }
        return new(StatusReader.Read(text, (int)response.StatusCode), RetryAfterOf(response));
    }

    private TimeSpan? RetryAfterOf(HttpResponseMessage response) =>
        response.Headers.RetryAfter is not { } after ? null
        : after.Delta ?? (after.Date is { } date && date - _options.Time.GetUtcNow() is { Ticks: > 0 } wait ? wait : TimeSpan.Zero);

    private TimeSpan? PauseOf(HttpResponseMessage response) =>
        response.StatusCode == HttpStatusCode.TooManyRequests || (int)response.StatusCode >= 500 ? RetryAfterOf(response) : null;

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Method} {Path} answered {Code}; asking again in {Pause}")]
    private partial void LogRetry(HttpMethod method, string path, int code, TimeSpan pause);
}
