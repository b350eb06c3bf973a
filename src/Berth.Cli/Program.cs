using Berth.Cli;

return await BerthCommand.Create().Parse(args).InvokeAsync();
