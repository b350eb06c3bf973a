using System.Diagnostics;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent.Tests;

/// <summary>
/// A command in slot 0 that means harm, in the mounts, PID namespace and unprivileged user that a slot container gives it: only its own socket
/// and work directory are there.
/// </summary>
public sealed class HostileCommandTests
{
    [Fact]
    public async Task Neither_token_nor_journal_nor_another_slot_can_be_read()
    {
        SkipWithoutNamespaces();
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = Pod(gateway);
        var victim = Orders.Sh("echo kept-in-slot-1 > private; echo ready; sleep 60") with { Slot = 1, TaskUid = "victim", SecretEnv = new Dictionary<string, string> { ["PASSWORD"] = "correct-horse-battery" } };
        await gateway.SendAsync(victim);
        await Eventually.TrueAsync(() => gateway.OutputOf(victim.Attempt).Contains("ready", StringComparison.Ordinal), "the victim runs");
        var order = Orders.Sh($"""
            exec 2>/dev/null
            echo "uid:$(id -u)"
            for path in {pod.Options.TokenFile} {pod.Options.StateDirectory}/* {pod.Options.StateDirectory}/attempts/*/* {pod.WorkDirectory(1)}/*/* {pod.Options.SocketsDirectory}/1/*; do
              [ -e "$path" ] && echo "found:$path" && cat "$path"
            done
            for p in /proc/[0-9]*; do tr '\0' '\n' < $p/environ 2>/dev/null | grep correct-horse && echo "found:environ"; tr '\0' ' ' < $p/cmdline 2>/dev/null | grep -q 'Berth[.]Agent agent' && echo "found:agent"; done
            cat /proc/1/environ 2>/dev/null && echo "found:runner"; head -c1 /proc/1/mem 2>/dev/null && echo "found:memory"
            rm -f {pod.Options.SocketsDirectory}/0/agent.sock 2>/dev/null && echo "found:unlink"
            echo over
            """);
        await gateway.SendAsync(order);
        await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        var output = await gateway.WholeOutputAsync(order.Attempt);
        Assert.StartsWith("uid:65534\n", output, StringComparison.Ordinal);
        Assert.Contains("over\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("found:", output, StringComparison.Ordinal);
        Assert.DoesNotContain("correct-horse", output, StringComparison.Ordinal);
        Assert.DoesNotContain("kept-in-slot-1", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processes_of_another_slot_are_neither_seen_nor_ended_and_none_outlives_its_attempt()
    {
        SkipWithoutNamespaces();
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = Pod(gateway);
        var victim = Orders.Sh("echo ready; sleep 3; echo unharmed") with { Slot = 1, TaskUid = "victim" };
        await gateway.SendAsync(victim);
        await Eventually.TrueAsync(() => gateway.OutputOf(victim.Attempt).Contains("ready", StringComparison.Ordinal), "the victim runs");
        var mark = $"outlives-{Guid.NewGuid():N}";
        var order = Orders.Sh($"setsid sh -c 'trap \"\" TERM HUP; sleep 500; : {mark}' & spared=$!; kill -9 1 2>/dev/null; for p in /proc/[0-9]*; do n=$(basename $p); [ $n = $$ ] || [ $n = $spared ] || kill -9 $n 2>/dev/null; done; exit 7");
        await gateway.SendAsync(order);
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt);
        Assert.Equal(AttemptOutcome.Failed, result.Outcome);
        Assert.Equal(AttemptOutcome.Succeeded, (await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == victim.Attempt)).Outcome);
        Assert.DoesNotContain(Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])), d => CommandLine(d).Contains(mark, StringComparison.Ordinal));
        // The runner of slot 0 is still the one it was.
        Assert.Equal(1, (await gateway.ExpectAsync<Inventory>(i => i.Attempts.Any(a => a.Attempt == order.Attempt))).Slots[0].RunnerBoot);
    }

    [Fact]
    public async Task A_flood_of_connections_to_the_agents_socket_forges_nothing_and_harms_no_other_slot()
    {
        SkipWithoutNamespaces();
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "needs python3 to speak to the socket");
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = Pod(gateway);
        var socket = Path.Combine(pod.Options.SocketsDirectory, "0", "agent.sock");
        var script = $$"""
            import socket, struct, json, os
            held = []
            for i in range(300):
                s = socket.socket(socket.AF_UNIX); s.settimeout(1)
                try:
                    s.connect('{{socket}}')
                    if i % 3 == 0: s.send(struct.pack('<iB', 8 * 1024 * 1024, 0) + b'x' * 1000)
                    elif i % 3 == 1:
                        ended = json.dumps({'type': 'ended', 'step': os.environ['BERTH_ATTEMPT'] + '/command', 'token': '', 'cause': 'Exited', 'exitCode': 0, 'endedAt': '2030-01-01T00:00:00Z'}).encode()
                        s.send(struct.pack('<iB', len(ended), 0) + ended)
                    held.append(s)
                except OSError: pass
            print('flooded'); raise SystemExit(3)
            """;
        var order = Orders.Sh("/usr/bin/python3 flood.py").WithFiles(("flood.py", script));
        await gateway.SendAsync(order);
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt, 60);
        Assert.Equal((AttemptOutcome.Failed, 3), (result.Outcome, result.ExitCode));
        var neighbour = Orders.Sh("echo fine") with { Slot = 1, TaskUid = "neighbour" };
        await gateway.SendAsync(neighbour);
        Assert.Equal(AttemptOutcome.Succeeded, (await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == neighbour.Attempt)).Outcome);
    }

    [Fact]
    public async Task A_command_that_takes_all_memory_is_ended_and_its_neighbour_is_not()
    {
        SkipWithoutNamespaces();
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "needs python3 to take memory");
        Assert.SkipUnless(Directory.Exists("/sys/fs/cgroup/memory"), "needs a memory cgroup (v1) to limit a slot; a kubelet sets the container's own");
        var group = $"/sys/fs/cgroup/memory/berth-{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(group);
            File.WriteAllText($"{group}/memory.limit_in_bytes", "300000000");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Assert.Skip($"memory cgroups cannot be made on this machine: {e.Message}");
        }
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = Pod(gateway, firstSlot: $"echo $$ > {group}/cgroup.procs; ");
        var order = Orders.Run("/usr/bin/python3", "-c", "x = []\nwhile True: x.append(bytearray(10_000_000))");
        await gateway.SendAsync(order);
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt, 60);
        Assert.NotEqual(AttemptOutcome.Succeeded, result.Outcome);
        var neighbour = Orders.Sh("echo fine") with { Slot = 1, TaskUid = "neighbour" };
        await gateway.SendAsync(neighbour);
        Assert.Equal(AttemptOutcome.Succeeded, (await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == neighbour.Attempt)).Outcome);
    }

    private static PodUnderTest Pod(ScriptedGateway gateway, string firstSlot = "")
    {
        var pod = new PodUnderTest(gateway, slots: 2);
        pod.StartAgent();
        for (var slot = 0; slot < 2; slot++)
        {
            Directory.CreateDirectory(pod.WorkDirectory(slot));
            pod.StartRunner(slot, wrapper: ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", (slot == 0 ? firstSlot : "") + Contain(pod, slot), "sh"]);
        }
        pod.ReadyAsync(0).GetAwaiter().GetResult();
        pod.ReadyAsync(1).GetAwaiter().GetResult();
        return pod;
    }

    /// <summary>What a slot container mounts and nothing else of the pod, then no privileges.</summary>
    private static string Contain(PodUnderTest pod, int slot) => $"""
        set -e
        chown -R 65534 {pod.WorkDirectory(slot)}
        chmod 755 {pod.Directory}
        while [ ! -S {pod.Options.SocketsDirectory}/{slot}/agent.sock ]; do sleep 0.05; done
        mkdir -p /tmp/berth-keep-$$/s /tmp/berth-keep-$$/w
        mount -t tmpfs none /tmp/berth-keep-$$; mkdir /tmp/berth-keep-$$/s /tmp/berth-keep-$$/w
        mount --bind {pod.Options.SocketsDirectory}/{slot} /tmp/berth-keep-$$/s
        mount --bind {pod.WorkDirectory(slot)} /tmp/berth-keep-$$/w
        mount -t tmpfs -o mode=755 none {pod.Directory}
        mkdir -p {pod.Options.SocketsDirectory}/{slot} {pod.WorkDirectory(slot)}
        mount --bind /tmp/berth-keep-$$/s {pod.Options.SocketsDirectory}/{slot}
        mount -o remount,bind,ro {pod.Options.SocketsDirectory}/{slot}
        mount --bind /tmp/berth-keep-$$/w {pod.WorkDirectory(slot)}
        umount /tmp/berth-keep-$$/s /tmp/berth-keep-$$/w /tmp/berth-keep-$$
        exec setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all --no-new-privs -- "$@"
        """;

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // ended while we looked
        }
    }

    private static void SkipWithoutNamespaces()
    {
        using var process = Process.Start(new ProcessStartInfo("unshare", ["--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", "mount -t tmpfs none /mnt && setpriv --reuid 65534 --clear-groups true"]) { RedirectStandardError = true })!;
        process.WaitForExit();
        Assert.SkipUnless(process.ExitCode == 0, "needs mount and PID namespaces and setpriv (root, or unprivileged user namespaces); here they are not allowed");
    }
}
