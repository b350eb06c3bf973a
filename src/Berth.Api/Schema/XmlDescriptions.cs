using System.Reflection;
using System.Text;
using System.Xml.Linq;

namespace Berth.Api.Schema;

/// <summary>The summaries of the compiler's XML documentation file, as plain text.</summary>
internal sealed class XmlDescriptions
{
    private readonly Dictionary<string, string> summaries;

    private XmlDescriptions(Dictionary<string, string> summaries) => this.summaries = summaries;

    /// <summary>Reads the file that lies beside the assembly.</summary>
    /// <exception cref="FileNotFoundException">The assembly was built or published without its documentation file.</exception>
    public static XmlDescriptions Of(Assembly assembly)
    {
        var path = Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".xml");
        if (!File.Exists(path)) throw new FileNotFoundException($"The documentation file {path} is missing; build with GenerateDocumentationFile=true.", path);
        var members = XDocument.Load(path).Root!.Element("members")!.Elements("member");
        return new(members
            .Where(m => m.Element("summary") is not null)
            .ToDictionary(m => m.Attribute("name")!.Value, m => Plain(m.Element("summary")!), StringComparer.Ordinal));
    }

    public string Of(Type type) => Find("T:" + type.FullName);

    public string Of(PropertyInfo property) => Find($"P:{property.DeclaringType!.FullName}.{property.Name}");

    public string OfMember(Type type, string member) => Find($"F:{type.FullName}.{member}");

    private string Find(string id) => summaries.TryGetValue(id, out var text) && text.Length > 0
        ? text
        : throw new InvalidOperationException($"{id} has no summary; every field that users see needs one.");

    private static string Plain(XElement summary)
    {
        var text = new StringBuilder();
        Append(text, summary);
        return string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static void Append(StringBuilder text, XElement element)
    {
        foreach (var node in element.Nodes())
        {
            if (node is XText words) text.Append(words.Value);
            else if (node is XElement { Name.LocalName: "see" } see) text.Append(Reference(see));
            else if (node is XElement child) Append(text, child);
        }
    }

    private static string Reference(XElement see) =>
        (see.Attribute("langword") ?? see.Attribute("cref"))?.Value.Split('.', ':')[^1] ?? see.Value;
}
