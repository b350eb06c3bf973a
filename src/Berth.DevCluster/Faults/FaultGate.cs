using Berth.DevCluster.Access;
using Berth.DevCluster.Http;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Faults;

/// <summary>Lets requests pass, or does to them what a fault says.</summary>
internal static class FaultGate
{
    private const string StaleItem = "berth.fault.stale";
    private const string HalfOpenItem = "berth.fault.halfopen";

    /// <summary>Passes a request on, unless a fault keeps it.</summary>
    public static async Task Pass(FaultBoard board, HttpContext http, string user, AccessAttributes attributes, Func<Task> next)
    {
        await board.NotFrozen.WaitAsync(http.RequestAborted);
        if (board.Meet(http, user, attributes) is not { } met)
        {
            await next();
            return;
        }
        switch (met.Rule.Action)
        {
            case FaultAction.Delay:
                await Task.Delay(met.Rule.DelayMilliseconds, http.RequestAborted);
                await next();
                break;
            case FaultAction.Drop:
                http.Abort();
                break;
            case FaultAction.DropAnswer:
                http.Response.Body = Stream.Null;
                await next();
                http.Abort();
                break;
            case FaultAction.Error:
                throw Error(met.Rule, attributes);
            case FaultAction.HalfOpen when attributes.Verb == "watch":
                http.Items[HalfOpenItem] = met.Cleared.Task;
                await next();
                break;
            case FaultAction.HalfOpen:
                await met.Cleared.Task.WaitAsync(http.RequestAborted);
                await next();
                break;
            default:
                http.Items[StaleItem] = met.Revision;
                await next();
                break;
        }
    }

    /// <summary>The revision a list is to be shown at, when a fault makes it stale.</summary>
    public static long? StaleRevision(HttpContext http) => http.Items.TryGetValue(StaleItem, out var revision) ? (long?)revision : null;

    /// <summary>What a watch waits for before it says anything; null when nothing holds it.</summary>
    public static Task? HalfOpen(HttpContext http) => http.Items.TryGetValue(HalfOpenItem, out var cleared) ? (Task?)cleared : null;

    private static StatusException Error(FaultRule rule, AccessAttributes a)
    {
        int? retry = rule.RetryAfterSeconds > 0 ? rule.RetryAfterSeconds : null;
        return rule.Code switch
        {
            404 => StatusException.NotFound(a.Group, a.Resource, a.Name),
            409 => StatusException.Modified(a.Group, a.Resource, a.Name),
            410 => StatusException.Expired("The resourceVersion for the provided watch is too old."),
            429 => new StatusException(429, "TooManyRequests", "the server has received too many requests and has asked us to try again later", [], retry ?? 1),
            503 => new StatusException(503, "ServiceUnavailable", "the server is currently unable to handle the request", [], retry),
            504 => new StatusException(504, "Timeout", "the server was unable to return a response in the time allotted, but may still be processing the request", [], retry),
            _ => new StatusException(rule.Code, rule.Code >= 500 ? "InternalError" : "", $"fault on command: {rule.Code}", [], retry),
        };
    }
}
