using Xunit;

namespace Berth.DevCluster.Tests.Cel;

public sealed class CheckerTests
{
    private const string Schema = """
        {"type":"object","properties":{"name":{"type":"string"},"count":{"type":"integer"},"ratio":{"type":"number"},
         "tags":{"type":"array","items":{"type":"string"}},"template":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}
        """;

    [Theory]
    [InlineData("self.foo", "ERROR: <input>:1:5: undefined field 'foo'\n | self.foo\n | ....^")]
    [InlineData("has(self.foo)", "ERROR: <input>:1:4: undefined field 'foo'\n | has(self.foo)\n | ...^")]
    [InlineData("self.template.x", "ERROR: <input>:1:14: undefined field 'x'\n | self.template.x\n | .............^")]
    [InlineData("other > 1", "ERROR: <input>:1:1: undeclared reference to 'other' (in container '')\n | other > 1\n | ^")]
    [InlineData("self.name > 1", "ERROR: <input>:1:11: found no matching overload for '_>_' applied to '(string, int)'\n | self.name > 1\n | ..........^")]
    [InlineData("self.count == self.ratio", "ERROR: <input>:1:12: found no matching overload for '_==_' applied to '(int, double)'\n | self.count == self.ratio\n | ...........^")]
    [InlineData("self.name.startsWith(1)", "ERROR: <input>:1:21: found no matching overload for 'startsWith' applied to 'string.(int)'\n | self.name.startsWith(1)\n | ....................^")]
    [InlineData("self.name.foo()", "ERROR: <input>:1:14: undeclared reference to 'foo' (in container '')\n | self.name.foo()\n | .............^")]
    [InlineData("foo(1)", "ERROR: <input>:1:4: undeclared reference to 'foo' (in container '')\n | foo(1)\n | ...^")]
    [InlineData("self.count.x", "ERROR: <input>:1:11: type 'int' does not support field selection\n | self.count.x\n | ..........^")]
    [InlineData("self.name.all(x, true)", "ERROR: <input>:1:5: expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)\n | self.name.all(x, true)\n | ....^")]
    [InlineData("self.tags.all(x, x)", "ERROR: <input>:1:14: found no matching overload for '_&&_' applied to '(bool, string)'\n | self.tags.all(x, x)\n | .............^")]
    [InlineData("[1, 'a']", "ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, 'a']\n | ....^")]
    [InlineData("'x'.matches('(')", "ERROR: <input>:1:13: invalid matches argument\n | 'x'.matches('(')\n | ............^")]
    [InlineData("duration('x')", "ERROR: <input>:1:10: invalid duration argument\n | duration('x')\n | .........^")]
    [InlineData("self.name >", "ERROR: <input>:1:12: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | self.name >\n | ...........^")]
    [InlineData("has(self)", "ERROR: <input>:1:5: invalid argument to has() macro\n | has(self)\n | ....^")]
    [InlineData("1 2", "ERROR: <input>:1:3: Syntax error: extraneous input '2' expecting <EOF>\n | 1 2\n | ..^")]
    [InlineData("1 2 3", "ERROR: <input>:1:3: Syntax error: mismatched input '2' expecting <EOF>\n | 1 2 3\n | ..^")]
    [InlineData("self.true == 1", "ERROR: <input>:1:6: Syntax error: mismatched input 'true' expecting IDENTIFIER\n | self.true == 1\n | .....^")]
    [InlineData("self.name == null", "ERROR: <input>:1:11: found no matching overload for '_==_' applied to '(string, null)'\n | self.name == null\n | ..........^")]
    [InlineData("for", "ERROR: <input>:1:1: reserved identifier: for\n | for\n | ^")]
    public void What_is_wrong_is_said_as_Kubernetes_says_it(string expression, string expected) =>
        Assert.Equal(expected, Expressions.Issues(expression, Schema));

    [Theory]
    [InlineData("semver('1.2.3')")]
    [InlineData("cel.bind(x, 1, x)")]
    [InlineData("math.greatest(1, 2)")]
    [InlineData("Foo{a: 1}")]
    public void What_is_not_implemented_is_refused(string expression) => Assert.Contains("undeclared reference", Expressions.Issues(expression, Schema), StringComparison.Ordinal);

    [Theory]
    [InlineData("1", "int")]
    [InlineData("self.tags.map(t, size(t))", "list(int)")]
    [InlineData("self.count > 1 ? {'a': 1.0} : {}", "map(string, double)")]
    [InlineData("self.?name", "optional_type(string)")]
    [InlineData("self.tags[0]", "string")]
    public void Types_are_known(string expression, string type) => Assert.Equal("compiled, type " + type, Expressions.Issues(expression, Schema));
}
