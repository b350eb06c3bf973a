using Xunit;

namespace Berth.DevCluster.Tests.Cel;

public sealed class EvaluationTests
{
    [Theory]
    [InlineData("1 + 2 * 3 - 4 / 2", "5")]
    [InlineData("-7 / 2", "-3")]
    [InlineData("-7 % 3", "-1")]
    [InlineData("7.0 / 2.0", "3.5")]
    [InlineData("2u + 3u", "5")]
    [InlineData("9223372036854775807 + 1", "error: integer overflow")]
    [InlineData("-9223372036854775808 - 1", "error: integer overflow")]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    [InlineData("9223372036854775807 * 2", "error: integer overflow")]
    [InlineData("1u - 2u", "error: unsigned integer overflow")]
    [InlineData("1 / 0", "error: division by zero")]
    [InlineData("1 % 0", "error: modulus by zero")]
    [InlineData("'a' + 'b'", "ab")]
    [InlineData("[1] + [2, 3]", "[1, 2, 3]")]
    [InlineData("0x1F", "31")]
    public void Arithmetic(string expression, string expected) => Assert.Equal(expected, Expressions.Run(expression));

    [Theory]
    [InlineData("1 < 2 && 2.5 > 2 && 3u >= 3", "true")]
    [InlineData("1 < 1.5", "true")]
    [InlineData("dyn(1) == dyn(1.0)", "true")]
    [InlineData("dyn(1) == dyn('1')", "false")]
    [InlineData("'a' < 'b' && 'B' < 'a'", "true")]
    [InlineData("false || 1 / 0 > 0", "error: division by zero")]
    [InlineData("true || 1 / 0 > 0", "true")]
    [InlineData("1 / 0 > 0 || true", "true")]
    [InlineData("1 / 0 > 0 && false", "false")]
    [InlineData("!true || !false", "true")]
    [InlineData("1 > 0 ? 'yes' : 'no'", "yes")]
    [InlineData("[1, 2] == [1, 2] && [1] != [2]", "true")]
    [InlineData("{'a': 1} == {'a': 1}", "true")]
    [InlineData("2 in [1, 2] && !('c' in {'a': 1})", "true")]
    [InlineData("null == null", "true")]
    public void Logic(string expression, string expected) => Assert.Equal(expected, Expressions.Run(expression));

    [Theory]
    [InlineData("[1, 2, 3].all(x, x > 0)", "true")]
    [InlineData("[1, 2, 3].exists(x, x == 2)", "true")]
    [InlineData("[1, 2, 2].exists_one(x, x == 2)", "false")]
    [InlineData("[1, 2, 3].map(x, x * 2)", "[2, 4, 6]")]
    [InlineData("[1, 2, 3].map(x, x > 1, x * 2)", "[4, 6]")]
    [InlineData("[1, 2, 3].filter(x, x > 1)", "[2, 3]")]
    [InlineData("{'a': 1, 'b': 2}.all(k, k < 'c')", "true")]
    [InlineData("{'a': 1, 'b': 2}.exists(k, v, k == 'b' && v == 2)", "true")]
    [InlineData("[[1], [2]].all(x, x.exists(y, y > 0))", "true")]
    [InlineData("[0, 1].all(x, 1 / x > 0 || x == 0)", "true")]
    [InlineData("[0, 1].exists(x, 1 / x > 0)", "true")]
    [InlineData("[0].exists(x, 1 / x > 0)", "error: division by zero")]
    [InlineData("[].all(x, false)", "true")]
    [InlineData("[1, 2][1]", "2")]
    [InlineData("[1, 2][2]", "error: index out of bounds: 2")]
    [InlineData("{'a': 1}['b']", "error: no such key: b")]
    [InlineData("[10, 20].transformList(i, v, v + i)", "[10, 21]")]
    public void Containers(string expression, string expected) => Assert.Equal(expected, Expressions.Run(expression));

    [Theory]
    [InlineData("size('äb😀')", "3")]
    [InlineData("'abc'.size() + [1].size() + {'a': 1}.size()", "5")]
    [InlineData("'abc'.startsWith('ab') && 'abc'.endsWith('bc') && 'abc'.contains('b')", "true")]
    [InlineData("'abc'.matches('^a.c$')", "true")]
    [InlineData("'a,b,c'.split(',')", "[a, b, c]")]
    [InlineData("'a,b,c'.split(',', 2)", "[a, b,c]")]
    [InlineData("['a', 'b'].join('-')", "a-b")]
    [InlineData("'TacoCat'.lowerAscii() + 'x'.upperAscii()", "tacocatX")]
    [InlineData("'hello hello'.replace('he', 'we')", "wello wello")]
    [InlineData("'hello hello'.replace('he', 'we', 1)", "wello hello")]
    [InlineData("'tacocat'.substring(4) + 'tacocat'.substring(0, 4)", "cattaco")]
    [InlineData("'tacocat'.substring(8)", "error: index out of range: 8")]
    [InlineData("'tacocat'.indexOf('c') + 'tacocat'.lastIndexOf('c')", "6")]
    [InlineData("'tacocat'.charAt(3)", "o")]
    [InlineData("'  x '.trim()", "x")]
    [InlineData("'abc 123 def 456'.find('[0-9]+')", "123")]
    [InlineData("'abc 123 def 456'.findAll('[0-9]+')", "[123, 456]")]
    [InlineData("'%s has %d of %.1f: %s'.format(['x', 3, 2.55, [1, 'a']])", "x has 3 of 2.5: [1, a]")]
    [InlineData(@"'a\n\u00e4\'' + r'\d' + ""q""", "a\nä'\\dq")]
    public void Strings(string expression, string expected) => Assert.Equal(expected, Expressions.Run(expression));

    [Theory]
    [InlineData("int('42') + int(3.9) + int(2u)", "47")]
    [InlineData("int('x')", "error: type conversion error from 'string' to 'int'")]
    [InlineData("double('1.5') + double(2)", "3.5")]
    [InlineData("string(1) + string(2.0) + string(true)", "12true")]
    [InlineData("uint(3)", "3")]
    [InlineData("type(1) == int && type('') == string && type([]) == list", "true")]
    [InlineData("duration('1h30m') > duration('80m')", "true")]
    [InlineData("string(duration('1h30m'))", "5400s")]
    [InlineData("timestamp('2024-01-02T03:04:05Z').getFullYear()", "2024")]
    [InlineData("timestamp('2024-01-02T03:04:05Z') + duration('24h') == timestamp('2024-01-03T03:04:05Z')", "true")]
    [InlineData("timestamp('2024-01-02T03:04:05Z') - timestamp('2024-01-02T03:04:00Z') == duration('5s')", "true")]
    [InlineData("duration('90m').getHours()", "1")]
    [InlineData("string(b'abc')", "abc")]
    public void Conversions(string expression, string expected) => Assert.Equal(expected, Expressions.Run(expression));

    [Theory]
    [InlineData("[1, 2, 3].isSorted() && [1, 2].sum() == 3 && [3, 1].min() == 1 && [3, 1].max() == 3", "true")]
    [InlineData("['a', 'b', 'a'].indexOf('a') == 0 && ['a', 'b', 'a'].lastIndexOf('a') == 2", "true")]
    [InlineData("sets.contains([1, 2], [2]) && !sets.intersects([1], [2]) && sets.equivalent([1, 2], [2, 1, 1])", "true")]
    [InlineData("[1, 1, 2].distinct()", "[1, 2]")]
    [InlineData("[-3, 1, -5].sortBy(e, -(e * e))", "[-5, -3, 1]")]
    [InlineData("lists.range(3).reverse() + [[1], [2]].flatten()", "[2, 1, 0, 1, 2]")]
    [InlineData("dyn([1.5, 2.0]).sum()", "3.5")]
    [InlineData("format.dns1123Label().validate('a-b').hasValue()", "false")]
    [InlineData("format.named('uuid').value().validate('x').value()[0]", "does not match the UUID format")]
    [InlineData("url('https://a/with space/?k=v w').getEscapedPath()", "/with%20space/")]
    [InlineData("quantity('1.5Gi').isGreaterThan(quantity('1G')) && quantity('200m').add(quantity('800m')) == quantity('1')", "true")]
    [InlineData("isQuantity('12') && !isQuantity('1.3Giga') && quantity('50k').asInteger() == 50000", "true")]
    [InlineData("ip('127.0.0.1').isLoopback() && ip('::1').family() == 6 && !isIP('127.0.0.01')", "true")]
    [InlineData("cidr('192.168.0.0/24').containsIP('192.168.0.1') && !cidr('192.168.0.0/24').containsCIDR('192.168.0.0/23')", "true")]
    [InlineData("string(cidr('192.168.1.5/24').masked())", "192.168.1.0/24")]
    [InlineData("url('https://example.com:80/a?k=v').getHost() + url('https://example.com:80/a').getPort()", "example.com:8080")]
    [InlineData("isURL('https://a/b') && isURL('/a') && !isURL('../a')", "true")]
    [InlineData("optional.of(1).orValue(2) + optional.none().orValue(2)", "3")]
    [InlineData("optional.of(1).optMap(x, x + 1).value()", "2")]
    [InlineData("{'a': 1}[?'b'].hasValue()", "false")]
    [InlineData("optional.none().value()", "error: optional.none() dereference")]
    [InlineData("[1, ?optional.none(), ?optional.of(3)]", "[1, 3]")]
    public void Libraries(string expression, string expected) => Assert.Equal(expected, Expressions.Run(expression));

    private const string Schema = """
        {"type":"object","properties":{"name":{"type":"string"},"count":{"type":"integer"},"ratio":{"type":"number"},
         "when":{"type":"string","format":"date-time"},"wait":{"type":"string","format":"duration"},"data":{"type":"string","format":"byte"},
         "port":{"x-kubernetes-int-or-string":true},"a-b":{"type":"string"},"in":{"type":"integer"},"x.y/z":{"type":"integer"},"a__b":{"type":"integer"},
         "labels":{"type":"object","additionalProperties":{"type":"string"}},"maybe":{"type":"string","nullable":true},
         "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
         "steps":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
          "items":{"type":"object","properties":{"name":{"type":"string"},"run":{"type":"string"}}}}}}
        """;

    [Theory]
    [InlineData("has(self.name) && !has(self.count)", """{"name":"x"}""", "true")]
    [InlineData("self.count", "{}", "error: no such key: count")]
    [InlineData("!has(self.count) || self.count > 1", "{}", "true")]
    [InlineData("self.ratio + 0.5", """{"ratio":1}""", "1.5")]
    [InlineData("self.when.getHours()", """{"when":"2024-01-02T03:04:05Z"}""", "3")]
    [InlineData("self.wait == duration('60s')", """{"wait":"1m"}""", "true")]
    [InlineData("string(self.data)", """{"data":"aGk="}""", "hi")]
    [InlineData("type(self.port) == int ? self.port < 5 : self.port == '80%'", """{"port":"80%"}""", "true")]
    [InlineData("self.port < 5", """{"port":"80%"}""", "error: no such overload")]
    [InlineData("self.a__dash__b + string(self.__in__) + string(self.x__dot__y__slash__z) + string(self.a__underscores__b)",
        """{"a-b":"x","in":1,"x.y/z":2,"a__b":3}""", "x123")]
    [InlineData("self.labels['a'] + self.labels.b", """{"labels":{"a":"x","b":"y"}}""", "xy")]
    [InlineData("has(self.labels.a) && !('c' in self.labels) && self.labels.all(k, k != 'z')", """{"labels":{"a":"x"}}""", "true")]
    [InlineData("self.maybe == 'x' || true", """{"maybe":null}""", "true")]
    [InlineData("self.tags == ['b', 'a']", """{"tags":["a","b"]}""", "true")]
    [InlineData("size(self.tags + ['a', 'c'])", """{"tags":["a","b"]}""", "3")]
    [InlineData("self.steps.exists_one(s, s.name == 'a' && s.run.startsWith('x'))", """{"steps":[{"name":"a","run":"xy"},{"name":"b","run":"x"}]}""", "true")]
    [InlineData("self.?name.orValue('none')", "{}", "none")]
    public void Objects(string expression, string self, string expected) => Assert.Equal(expected, Expressions.Run(expression, Schema, self));

    [Fact]
    public void A_run_that_costs_too_much_ends()
    {
        var many = "[" + string.Join(",", Enumerable.Repeat("1", 200)) + "]";

        Assert.Equal("error: operation cancelled: actual cost limit exceeded",
            Expressions.Run($"{many}.all(a, {many}.all(b, {many}.all(c, a + b + c > 0)))"));
    }
}
