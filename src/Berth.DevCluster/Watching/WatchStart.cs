using System.Globalization;
using System.Security.Cryptography;
using Berth.DevCluster.Http;

namespace Berth.DevCluster.Watching;

/// <summary>Where a watch begins and how long it lasts.</summary>
internal sealed record WatchStart(long Revision, bool InitialState, bool InitialEventsEnd, bool Bookmarks, TimeSpan Timeout)
{
    private const int MinTimeoutSeconds = 1800;

    public static WatchStart Of(ApiRequest request, long current)
    {
        var text = request.Query("resourceVersion");
        var unset = text is "" or "0";
        long revision = 0;
        if (!unset && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out revision))
            throw StatusException.Unexplained($"resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax");
        if (revision > current) throw StatusException.TooLargeRevision(revision, current);
        var sendInitial = request.Query("sendInitialEvents");
        var initial = sendInitial.Length > 0 ? sendInitial is "true" or "1" : unset;
        var bookmarks = request.Flag("allowWatchBookmarks");
        var seconds = int.TryParse(request.Query("timeoutSeconds"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) && asked > 0
            ? asked : RandomNumberGenerator.GetInt32(MinTimeoutSeconds, 2 * MinTimeoutSeconds);
        var from = initial || !unset ? revision : current;
        return new WatchStart(from, initial, initial && sendInitial.Length > 0 && bookmarks, bookmarks, TimeSpan.FromSeconds(seconds));
    }
}
