using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Identity;
using Berth.DevCluster.Watching;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Faults;

/// <summary>The admin endpoint <c>/_faults</c>: sets and clears faults. Only administrators may, and only where faults are on.</summary>
internal sealed class FaultEndpoint(Cluster cluster, FaultBoard board, WatchCuts cuts, Func<TimeSpan, Task> restart)
{
    public const string Path = "/_faults";

    public async Task Handle(HttpContext http, UserInfo user)
    {
        if (!user.IsMaster) throw StatusException.Forbidden("", "", "", "faults are for administrators");
        var action = http.Request.Path.Value![Path.Length..].Trim('/');
        switch (http.Request.Method, action)
        {
            case ("POST", ""):
                var rule = JsonSerializer.Deserialize(await RequestBody.Read(http), FaultJson.Default.FaultRule) ?? throw StatusException.BadRequest("a fault rule is needed");
                await Responses.Json(http, 201, new JsonObject { ["id"] = board.Add(rule, cluster.Store.Revision) });
                return;
            case ("DELETE", _):
                board.Clear(int.TryParse(action, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null);
                break;
            case ("POST", "cut-watches"):
                cuts.Cut();
                break;
            case ("POST", "compact"):
                cluster.Store.Compact();
                break;
            case ("POST", "freeze"):
                board.Freeze();
                break;
            case ("POST", "thaw"):
                board.Thaw();
                break;
            case ("POST", "restart"):
                _ = int.TryParse(http.Request.Query["downMilliseconds"], NumberStyles.None, CultureInfo.InvariantCulture, out var down);
                await Responses.Json(http, 202, new JsonObject());
                await http.Response.CompleteAsync();
                // Not awaited: the restart ends this very connection.
                _ = Task.Run(() => restart(TimeSpan.FromMilliseconds(down)), CancellationToken.None);
                return;
            default:
                await Responses.NotFoundPage(http);
                return;
        }
        await Responses.Json(http, 200, new JsonObject());
    }
}
