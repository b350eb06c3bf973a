using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Berth.Cli.Dev.Processes;

/// <summary>Runs another program in this one's place: same terminal, signals passed on, its exit code returned.</summary>
internal static class ForegroundProgram
{
    public static async Task<int> RunAsync(string fileName, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(fileName, arguments) { UseShellExecute = false })
            ?? throw new DevException($"{fileName} could not be started.");
        void PassOn(PosixSignalContext context, int signal)
        {
            context.Cancel = true;
            Posix.Signal(process.Id, signal);
        }
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => PassOn(c, Posix.Terminate));
        // The terminal sends its interrupt to both; passing it on as well would count twice.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => c.Cancel = true);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
