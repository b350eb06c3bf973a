using Berth.Agent;
using Berth.Agent.Runner;

switch (args)
{
    case ["agent"]:
        return await AgentProgram.RunAsync();
    case ["runner"]:
        return RunnerProgram.Run();
    case ["install", var directory]:
        return Install.Into(directory);
    default:
        Console.Error.WriteLine("usage: Berth.Agent agent | runner | install DIR");
        return 64;
}
