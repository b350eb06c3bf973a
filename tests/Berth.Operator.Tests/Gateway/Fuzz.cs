using System.Text;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Operator.Tests.Gateway;

/// <summary>Frames that no agent of ours sends: true ones with bytes changed, nonsense that is JSON, and noise.</summary>
internal static class Fuzz
{
    private static readonly string[] Types = ["hello", "inventory", "started", "output", "result", "uploaded", "refused", "pong", "checkpointStored", "resumed", "assign", "welcome", "ack", ""];
    private static readonly string[] Values = ["null", "-1", "99999999999999999999", "\"\"", "\"x\"", "[]", "{}", "[null]", "[[[[1]]]]", "true", "\"9999-99-99T99:99\"", "\"\\ud800\"", "1e400", "{\"attempt\":null}", "[{\"attempt\":null,\"slot\":-5,\"state\":77}]", "[{\"index\":-1}]"];
    private static readonly string[] Fields = ["attempt", "slots", "attempts", "inventory", "outcome", "plan", "endedAt", "offset", "data", "end", "highestEpoch", "nonce", "slot", "reason", "number", "skipped", "podUid", "protocol", "artifacts"];

    public static byte[] Frame(Random random, string pod) => random.Next(4) switch
    {
        0 => Mutated(random, pod),
        1 => Nonsense(random),
        2 => Encoding.UTF8.GetBytes(new string('[', random.Next(1, 5000))),
        _ => Noise(random),
    };

    private static byte[] Mutated(Random random, string pod)
    {
        Frame[] honest =
        [
            GatewayUnderTest.HelloOf(pod), new Started { Attempt = "a-1", At = DateTimeOffset.UnixEpoch }, new Protocol.Output { Attempt = "a-1", Data = [1, 2, 3], Offset = 5 },
            new AttemptResult { Attempt = "a-1", Outcome = AttemptOutcome.Failed, Plan = new PlanReport { Artifacts = [new FileDigest { Path = "p", Digest = "d" }] } },
            new Inventory { Slots = [new SlotInventory()], Attempts = [new AttemptInventory { Attempt = "a-1", Result = new AttemptResult() }] },
            new Refused { Attempt = "a-1", Reason = "x" }, new CheckpointStored { Attempt = "a-1" }, new Resumed { Attempt = "a" },
        ];
        var bytes = ProtocolJson.Write(honest[random.Next(honest.Length)]);
        for (var i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return random.Next(3) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }

    private static byte[] Nonsense(Random random)
    {
        var text = new StringBuilder("{\"type\":\"").Append(Types[random.Next(Types.Length)]).Append('"');
        for (var i = random.Next(6); i > 0; i--) text.Append(",\"").Append(Fields[random.Next(Fields.Length)]).Append("\":").Append(Values[random.Next(Values.Length)]);
        return Encoding.UTF8.GetBytes(text.Append('}').ToString());
    }

    private static byte[] Noise(Random random)
    {
        var bytes = new byte[random.Next(1, 2000)];
        random.NextBytes(bytes);
        return bytes;
    }
}
