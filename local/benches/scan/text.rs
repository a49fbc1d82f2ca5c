//! Text like that of a build: code, data, lock files, bundles. All of it is made up, none of it copied.

use crate::random::Random;
use crate::vocabulary::{Vocabulary, sentence};

/// Lines with slots: `@i` a name in camel case, `@u` with underscores, `@T` a type, `@k` with hyphens, `@C` a constant,
/// `@n` a number, `@w` a sentence, `@h` 64 hexadecimal digits, `@b` 86 characters of base64.
type Lines = &'static [&'static str];

const JAVASCRIPT: Lines = &[
    "  const @i = @i.@i(@i, @i);",
    "  if (@i !== null && @i.@i > @n) {",
    "    return this.@i.@i('@k');",
    "  }",
    "  }",
    "",
    "  for (const @i of @i.@i) {",
    "  // @w",
    "    throw new @T(`@w ${@i}`);",
    "class @T extends @T {",
    "}",
    "",
    "  async @i(@i, @i) {",
    "    const { @i, @i } = await this.@i(@i);",
    "    @i.@i = @i ?? '@k';",
    "exports.@i = @i;",
    "const @i = require('@k/@k');",
    "    case '@k':",
    "      return @i.@i;",
    "    logger.debug('@w', { @i, @i });",
    "",
    "/**",
    " * @w",
    " * @w",
    " * @param {@T} @i @w",
    " */",
    "function @i(@i, @i) {",
    "  var @i = @i && @i.@i;",
    "      headers['x-@k'] = @i.@i;",
    "  @i.@i(function (@i) { return @i.@i; });",
    "  return @i ? @i.@i : undefined;",
    "  while (@i.@i < @n) { @i += @n; }",
];
const TYPES: Lines = &[
    "import { @T, @T } from './@k';",
    "export declare function @i(@i: @T, @i?: string): Promise<@T>;",
    "",
    "export interface @T extends @T {",
    "    /**",
    "     * @w",
    "     */",
    "    @i?: string | undefined;",
    "    @i: @T[];",
    "    readonly @i: number;",
    "}",
    "",
    "export declare class @T {",
    "    constructor(@i: @T, @i: @T);",
    "    @i(@i: string): void;",
    "    private @i;",
    "export type @T = '@k' | '@k' | '@k';",
    "    /** @w */",
    "    @i: Record<string, @T>;",
];
const PYTHON: Lines = &[
    "def @u(@u, @u=None):",
    "    \"\"\"@w.\"\"\"",
    "    @u = @u.@u(@u, @u=@n)",
    "    if @u is not None and @u.@u > @n:",
    "        return self._@u[\"@u\"]",
    "    for @u in @u.@u():",
    "        @u.append(@u.@u)",
    "    # @w",
    "",
    "",
    "class @T(@T):",
    "    def __init__(self, @u, @u):",
    "        self.@u = @u",
    "    @property",
    "    def @u(self):",
    "        raise @T(f\"@w {@u}\")",
    "from @u.@u import @T",
    "import @u",
    "    with open(@u) as @u:",
    "        logger.info(\"@w\", @u)",
];
const JAVA: Lines = &[
    "import com.acme.@i.@T;",
    "public final class @T implements @T {",
    "    private final @T @i;",
    "    @Override",
    "    public @T @i(final @T @i, final String @i) {",
    "        final @T @i = @i.@i(@i);",
    "        if (@i == null) {",
    "            throw new IllegalArgumentException(\"@w\");",
    "        }",
    "        return @i.@i(@i.@i());",
    "    }",
    "",
    "    /**",
    "     * @w",
    "     */",
    "    private static final String @C = \"@k\";",
    "        LOGGER.debug(\"@w {}\", @i);",
    "}",
    "        this.@i = Objects.requireNonNull(@i, \"@i\");",
];
const JSON: Lines = &[
    "  \"@i\": \"@k\",",
    "  \"@i\": @n,",
    "  \"@i\": true,",
    "  \"@i\": { \"@i\": \"@k\", \"@i\": @n },",
    "  \"@i\": [\"@k\", \"@k\", \"@k\"],",
    "  \"@i\": \"@w\",",
    "  \"@k\": \"^@n.@n.0\",",
    "  \"url\": \"https://acme.io/@k/@k\",",
    "  \"@i\": null,",
];
const YAML: Lines = &[
    "@i:",
    "  @i: @k",
    "  - name: @C",
    "    value: @k",
    "    valueFrom:",
    "      secretKeyRef: { name: @k, key: @k }",
    "  # @w",
    "  @i: @n",
    "    image: registry.acme.io/@k:@n.@n",
    "  labels: { app: @k, tier: @k }",
    "  - uses: acme/@k@v@n",
    "    run: npm run @k -- --@k=@n",
    "  description: @w",
];
const PROSE: Lines = &[
    "@w. @w, @w.",
    "@w. @w.",
    "",
    "",
    "## @w",
    "* `@i`: @w",
    "```js",
    "const @i = new @T({ @i: '@k' });",
    "```",
    "| `@i` | `@T` | @w |",
    "See [@w](https://acme.io/@k/@k#@k).",
];
const STYLE: Lines = &[
    ".@k .@k, .@k:hover {",
    "  color: #@n;",
    "  width: @npx;",
    "  background: rgba(@n, @n, @n, .5);",
    "  display: flex;",
    "}",
    "",
    "@media (min-width: @npx) {",
    "/* @w */",
    "  margin: 0 @npx @npx;",
];
const MARKUP: Lines = &[
    "<div class=\"@k @k\" id=\"@k\">",
    "  <a href=\"/@k/@k\">@w</a>",
    "</div>",
    "  <property name=\"@i\" value=\"@k\"/>",
    "    <artifactId>@k</artifactId>",
    "    <version>@n.@n.@n</version>",
    "  <!-- @w -->",
    "  <p>@w</p>",
];
const LOCK: Lines = &["    \"node_modules/@k\": {\n      \"version\": \"@n.@n.@n\",\n      \"resolved\": \
     \"https://registry.example.com/@k/-/@k-@n.@n.@n.tgz\",\n      \"integrity\": \"sha512-@b==\",\n      \"license\": \"MIT\"\n    },"];
const BUNDLE: Lines = &[
    "function e(t,n){return t.@i(n)}",
    "var r=n(@n),o=n.n(r);",
    "t.@i=function(){return this.@i||(this.@i=new i(@n))},",
    "if(!e.@i||\"@k\"===t)return null;",
    "(0,a.@i)(e,{@i:t.@i,@i:n}),",
    "e.exports=n(@n);",
    "const{@i:s,@i:c}=t;",
    "Object.defineProperty(t,\"@i\",{enumerable:!0,get:function(){return o.@i}}),",
    "\"@k\"!==e&&t.push(e),",
    "switch(e){case @n:",
];

/// What scanners look at twice and what is no secret. One line of so many is one of these, in any kind of text: with them
/// the names of secrets stand in it as often as in the AWS command line's package, which has many of them.
const SENSITIVE: Lines = &[
    "options.token = options.token || process.env.@C;",
    "password: @i.@i,",
    "accessToken?: string;",
    "\"sha256\": \"@h\",",
    "token: ${{ secrets.@C }}",
    "<input type=\"password\" name=\"@i\">",
    "l.setRequestHeader(\"authorization\",\"Bearer \"+e);",
    "secret = self.@u.get(\"@u\")",
    "const credentials = @i.@i;",
    "\"https://@k.acme.io/@k?token=@i&session=@i\"",
];
const SENSITIVE_LINE: usize = 60;

/// A kind of text: how files of it are called, what they are made of, their share of all and their usual length.
pub(crate) struct Kind {
    pub(crate) extension: &'static str,
    lines: Lines,
    /// What stands between two lines.
    between: &'static str,
    pub(crate) weight: usize,
    pub(crate) average: usize,
}

pub(crate) const KINDS: [Kind; 12] = [
    kind("js", JAVASCRIPT, "\n", 330, 6_000),
    kind("d.ts", TYPES, "\n", 140, 3_000),
    kind("ts", JAVASCRIPT, "\n", 60, 5_000),
    kind("py", PYTHON, "\n", 110, 7_000),
    kind("java", JAVA, "\n", 60, 6_000),
    kind("json", JSON, "\n", 100, 4_000),
    kind("yaml", YAML, "\n", 40, 2_500),
    kind("md", PROSE, "\n", 60, 6_000),
    kind("css", STYLE, "\n", 20, 8_000),
    kind("html", MARKUP, "\n", 20, 6_000),
    kind("lock.json", LOCK, "\n", 1, 250_000),
    kind("min.js", BUNDLE, "", 18, 70_000),
];

const fn kind(extension: &'static str, lines: Lines, between: &'static str, weight: usize, average: usize) -> Kind {
    Kind { extension, lines, between, weight, average }
}

impl Kind {
    /// About so many bytes of it.
    pub(crate) fn text(&self, random: &mut Random, length: usize) -> String {
        let mut words = Vocabulary::new(random);
        let mut text = String::with_capacity(length + 1024);
        let mut renewed = 0;
        while text.len() < length {
            if text.len() - renewed > 30_000 {
                (words, renewed) = (Vocabulary::new(random), text.len());
            }
            let lines = if random.below(SENSITIVE_LINE) == 0 { SENSITIVE } else { self.lines };
            fill(random.pick(lines), &words, random, &mut text);
            text.push_str(self.between);
        }
        text
    }
}

fn fill(line: &str, words: &Vocabulary, random: &mut Random, text: &mut String) {
    const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut parts = line.split('@');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let slot = part.chars().next().unwrap_or_default();
        match slot {
            'i' => text.push_str(random.pick_common(&words.camel)),
            'u' => text.push_str(random.pick_common(&words.snake)),
            'T' => text.push_str(random.pick_common(&words.pascal)),
            'k' => text.push_str(random.pick_common(&words.kebab)),
            'C' => text.push_str(random.pick_common(&words.screaming)),
            'n' => {
                let most = [3, 10, 100, 1000][random.below(4)];
                text.push_str(&random.below(most).to_string());
            }
            'w' => sentence(random, text),
            'h' => text.push_str(&random.characters("0123456789abcdef", 64)),
            'b' => text.push_str(&random.characters(BASE64, 86)),
            _ => {
                text.push('@');
                text.push_str(part);
                continue;
            }
        }
        text.push_str(&part[slot.len_utf8()..]);
    }
}
