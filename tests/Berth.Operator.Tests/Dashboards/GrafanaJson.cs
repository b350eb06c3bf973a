using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Operator.Tests.Dashboards;

/// <summary>Dashboards as Grafana imports them; the data source is asked for, nothing else.</summary>
internal static class GrafanaJson
{
    private const int Columns = 24;
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    public static string Path(Dashboard dashboard) => $"deploy/dashboards/{dashboard.File}.json";

    public static string Write(Dashboard dashboard) => new JsonObject
    {
        ["__inputs"] = new JsonArray(),
        ["__requires"] = new JsonArray(new JsonObject { ["type"] = "grafana", ["id"] = "grafana", ["name"] = "Grafana", ["version"] = "10.0.0" }, new JsonObject { ["type"] = "datasource", ["id"] = "prometheus", ["name"] = "Prometheus", ["version"] = "1.0.0" }),
        ["uid"] = $"berth-{dashboard.File}",
        ["title"] = dashboard.Title,
        ["description"] = dashboard.Description,
        ["tags"] = new JsonArray("berth"),
        ["schemaVersion"] = 39,
        ["version"] = 1,
        ["editable"] = true,
        ["graphTooltip"] = 1,
        ["refresh"] = "30s",
        ["timezone"] = "",
        ["time"] = new JsonObject { ["from"] = "now-3h", ["to"] = "now" },
        ["templating"] = new JsonObject { ["list"] = Variables(dashboard) },
        ["links"] = new JsonArray(new JsonObject { ["type"] = "dashboards", ["title"] = "Berth", ["tags"] = new JsonArray("berth"), ["asDropdown"] = true, ["includeVars"] = false, ["keepTime"] = true }),
        ["panels"] = Panels(dashboard),
    }.ToJsonString(Readable) + "\n";

    private static JsonArray Variables(Dashboard dashboard)
    {
        var list = new JsonArray(new JsonObject { ["name"] = "datasource", ["label"] = "Data source", ["type"] = "datasource", ["query"] = "prometheus", ["refresh"] = 1, ["hide"] = 0 });
        foreach (var (variable, metric) in dashboard.Variables)
        {
            list.Add(new JsonObject
            {
                ["name"] = variable,
                ["type"] = "query",
                ["datasource"] = Source(),
                ["query"] = $"label_values({metric}, {variable})",
                ["refresh"] = 2,
                ["multi"] = true,
                ["includeAll"] = true,
                ["allValue"] = ".*",
                ["current"] = new JsonObject { ["text"] = "All", ["value"] = "$__all" },
                ["sort"] = 1,
            });
        }
        return list;
    }

    private static JsonArray Panels(Dashboard dashboard)
    {
        var panels = new JsonArray();
        var (id, y) = (0, 0);
        foreach (var (row, members) in dashboard.Rows)
        {
            panels.Add(new JsonObject { ["id"] = ++id, ["type"] = "row", ["title"] = row, ["collapsed"] = false, ["panels"] = new JsonArray(), ["gridPos"] = Place(0, y++, Columns, 1) });
            var (x, height) = (0, 0);
            foreach (var panel in members)
            {
                var (w, h) = panel.Kind switch { PanelKind.Stat => (4, 5), PanelKind.Text => (Columns, 7), _ => (12, 8) };
                if (x + w > Columns) (x, y, height) = (0, y + height, 0);
                panels.Add(Panel(panel, ++id, Place(x, y, w, h)));
                (x, height) = (x + w, Math.Max(height, h));
            }
            y += height;
        }
        return panels;
    }

    private static JsonObject Panel(Panel panel, int id, JsonObject place)
    {
        var json = new JsonObject
        {
            ["id"] = id,
            ["title"] = panel.Title,
            ["type"] = panel.Kind switch { PanelKind.Stat => "stat", PanelKind.Table => "table", PanelKind.Text => "text", _ => "timeseries" },
            ["gridPos"] = place,
        };
        if (panel.Kind == PanelKind.Text)
        {
            json["options"] = new JsonObject { ["mode"] = "markdown", ["content"] = panel.Help };
            return json;
        }
        json["description"] = panel.Help;
        json["datasource"] = Source();
        json["fieldConfig"] = new JsonObject { ["defaults"] = new JsonObject { ["unit"] = panel.Unit, ["min"] = 0 }, ["overrides"] = new JsonArray() };
        json["targets"] = new JsonArray([.. panel.Queries.Select((q, i) => (JsonNode)Target(panel, q, i))]);
        return json;
    }

    private static JsonObject Target(Panel panel, Query query, int index) => new()
    {
        ["refId"] = ((char)('A' + index)).ToString(),
        ["datasource"] = Source(),
        ["expr"] = query.Expression,
        ["legendFormat"] = query.Legend.Length == 0 ? "__auto" : query.Legend,
        ["instant"] = panel.Kind == PanelKind.Table,
        ["range"] = panel.Kind != PanelKind.Table,
        ["format"] = panel.Kind == PanelKind.Table ? "table" : "time_series",
    };

    private static JsonObject Source() => new() { ["type"] = "prometheus", ["uid"] = "${datasource}" };

    private static JsonObject Place(int x, int y, int w, int h) => new() { ["x"] = x, ["y"] = y, ["w"] = w, ["h"] = h };
}
