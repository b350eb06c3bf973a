using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Json;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Http;

/// <summary>Writes answers.</summary>
internal static class Responses
{
    public static Task Json(HttpContext http, int code, JsonNode? body) => Json(http, code, JsonText.Bytes(body));

    public static async Task Json(HttpContext http, int code, ReadOnlyMemory<byte> body)
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "no-cache, private";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    public static async Task Text(HttpContext http, int code, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        http.Response.StatusCode = code;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.ContentLength = bytes.Length;
        await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
    }

    public static Task NotFoundPage(HttpContext http) => Text(http, 404, "404 page not found\n");

    public static Task Failure(HttpContext http, StatusException failure)
    {
        if (failure.RetryAfter is { } seconds) http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Json(http, failure.Code, failure.Body());
    }

    /// <summary>The headers kubectl shows as warnings.</summary>
    public static void Warnings(ApiRequest request)
    {
        if (request.Warnings.Count == 0 || request.Http.Response.HasStarted) return;
        request.Http.Response.Headers.Warning = request.Warnings
            .Select(w => $"299 - \"{w.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"").ToArray();
    }
}
