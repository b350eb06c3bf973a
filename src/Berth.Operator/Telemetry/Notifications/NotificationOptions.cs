namespace Berth.Operator.Telemetry.Notifications;

/// <summary>How a notification is written.</summary>
internal enum NotificationFormat
{
    /// <summary>JSON with CloudEvents headers.</summary>
    CloudEvents,

    /// <summary>A message for a Slack webhook.</summary>
    Slack,
}

/// <summary>How much a notification matters.</summary>
internal enum NotificationSeverity
{
    /// <summary>Good to know.</summary>
    Info,

    /// <summary>Somebody should look today.</summary>
    Warning,

    /// <summary>Somebody should look now.</summary>
    Critical,
}

/// <summary>Who is told of what.</summary>
internal sealed record NotificationsSection
{
    /// <summary>Rules; each that fits sends one notification.</summary>
    public IReadOnlyList<NotificationRule> Rules { get; init; } = [];

    /// <summary>Every violation, in words.</summary>
    public IEnumerable<string> Violations()
    {
        foreach (var rule in Rules)
        {
            if (rule.Name.Length is 0 or > 63) yield return "Notifications:Rules: every rule needs a name of 1 to 63 characters";
            if (!Uri.TryCreate(rule.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")) yield return $"Notifications:Rules '{rule.Name}': Url must be an http(s) address";
            foreach (var kind in rule.Kinds.Except(NotificationKinds.All.Keys)) yield return $"Notifications:Rules '{rule.Name}': there is no kind '{kind}'; there are {string.Join(", ", NotificationKinds.All.Keys)}";
        }
        if (Rules.Select(r => r.Name).Distinct(StringComparer.Ordinal).Count() != Rules.Count) yield return "Notifications:Rules: names must differ";
    }
}

/// <summary>One rule. Empty fields fit everything.</summary>
internal sealed record NotificationRule
{
    /// <summary>Name, for logs and metrics.</summary>
    public string Name { get; init; } = "";

    /// <summary>Where to post. Kept out of logs: a webhook's address is its password.</summary>
    public string Url { get; init; } = "";

    /// <summary>How it is written.</summary>
    public NotificationFormat Format { get; init; }

    /// <summary>Kinds of events; empty for all.</summary>
    public IReadOnlyList<string> Kinds { get; init; } = [];

    /// <summary>Least severity.</summary>
    public NotificationSeverity Severity { get; init; } = NotificationSeverity.Warning;

    /// <summary>Namespace of the task.</summary>
    public string? Namespace { get; init; }

    /// <summary>Pool of the task.</summary>
    public string? Pool { get; init; }

    /// <summary>Workspace of the task.</summary>
    public string? Workspace { get; init; }

    /// <summary>Whether the rule fits.</summary>
    public bool Fits(Notification notification) =>
        (Kinds.Count == 0 || Kinds.Contains(notification.Kind)) && notification.Severity >= Severity
        && Matches(Namespace, notification.Namespace) && Matches(Pool, notification.Pool) && Matches(Workspace, notification.Workspace);

    private static bool Matches(string? wanted, string given) => wanted is not { Length: > 0 } || wanted == given;
}
