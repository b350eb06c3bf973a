using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Berth.Operator.View;

/// <summary>Which of the process's listeners a request came in by. What one serves, the others do not.</summary>
internal static class Listeners
{
    private const string Key = "berth.listener";
    private const string View = "view";
    private const string Gateway = "gateway";

    /// <summary>Marks connections of the aggregated API.</summary>
    public static void MarkView(this ListenOptions listen) => Mark(listen, View);

    /// <summary>Marks connections of agents.</summary>
    public static void MarkGateway(this ListenOptions listen) => Mark(listen, Gateway);

    /// <summary>Whether the request came to the aggregated API: only there it is asked who it is.</summary>
    public static bool IsView(HttpContext context) => Of(context) == View;

    /// <summary>Whether a path is served by the listener the request came in by.</summary>
    public static bool Serves(HttpContext context, bool plainViews)
    {
        var path = context.Request.Path;
        var isView = path.StartsWithSegments("/apis", StringComparison.Ordinal) || path.StartsWithSegments("/openapi", StringComparison.Ordinal);
        return Of(context) switch
        {
            Gateway => path.StartsWithSegments("/agent", StringComparison.Ordinal),
            View => isView || path == "/healthz" || path == "/livez" || path == "/readyz",
            _ => !path.StartsWithSegments("/agent", StringComparison.Ordinal) && (!isView || plainViews),
        };
    }

    private static void Mark(ListenOptions listen, string name) => listen.Use(next => connection =>
    {
        connection.Items[Key] = name;
        return next(connection);
    });

    private static string? Of(HttpContext context) => context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(Key, out var name) == true ? name as string : null;
}
