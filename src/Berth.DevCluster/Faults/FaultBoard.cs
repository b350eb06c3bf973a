using Berth.DevCluster.Access;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Faults;

/// <summary>The faults that are set now, and the freeze that holds everything.</summary>
internal sealed class FaultBoard
{
    private readonly Lock _lock = new();
    private List<Active> _rules = [];
    private TaskCompletionSource? _frozen;
    private int _lastId;

    /// <summary>A rule at work.</summary>
    internal sealed class Active(int id, FaultRule rule, long revision)
    {
        private readonly Random _random = new(rule.Seed);
        private int _seen;
        private int _met;

        public int Id => id;

        public FaultRule Rule => rule;

        /// <summary>The store's revision when the rule was made.</summary>
        public long Revision => revision;

        /// <summary>Completes when the rule is cleared.</summary>
        public TaskCompletionSource Cleared { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // Called inside the board's lock.
        public bool Takes()
        {
            if (_seen++ < rule.Skip || (rule.Times > 0 && _met >= rule.Times) || (rule.Probability < 1 && _random.NextDouble() >= rule.Probability)) return false;
            _met++;
            return true;
        }
    }

    public int Add(FaultRule rule, long revision)
    {
        lock (_lock)
        {
            _rules = [.. _rules, new Active(++_lastId, rule, revision)];
            return _lastId;
        }
    }

    public void Clear(int? id = null)
    {
        List<Active> gone;
        lock (_lock)
        {
            gone = _rules.Where(r => id is null || r.Id == id).ToList();
            _rules = _rules.Except(gone).ToList();
        }
        foreach (var rule in gone) rule.Cleared.TrySetResult();
    }

    public void Freeze()
    {
        lock (_lock) _frozen ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Thaw()
    {
        lock (_lock)
        {
            _frozen?.TrySetResult();
            _frozen = null;
        }
    }

    /// <summary>Completes when the server is not frozen.</summary>
    public Task NotFrozen { get { lock (_lock) return _frozen?.Task ?? Task.CompletedTask; } }

    /// <summary>The first rule that meets a request.</summary>
    public Active? Meet(HttpContext http, string user, AccessAttributes attributes)
    {
        lock (_lock)
        {
            foreach (var rule in _rules)
            {
                if (Matches(rule.Rule, http, user, attributes) && rule.Takes()) return rule;
            }
            return null;
        }
    }

    private static bool Matches(FaultRule rule, HttpContext http, string user, AccessAttributes a)
    {
        static bool Is(string wanted, string found) => wanted.Length == 0 || wanted == found;
        var resource = a.Subresource.Length > 0 ? $"{a.Resource}/{a.Subresource}" : a.Resource;
        return Is(rule.Verb, a.Verb) && Is(rule.Group, a.Group.Length == 0 ? "core" : a.Group) && Is(rule.Resource, resource) && Is(rule.Namespace, a.Namespace)
            && Is(rule.Name, a.Name) && Is(rule.User, user) && http.Request.Headers.UserAgent.ToString().StartsWith(rule.UserAgent, StringComparison.Ordinal)
            && (rule.Action != FaultAction.StaleList || a.Verb == "list");
    }
}
