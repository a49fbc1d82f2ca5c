//! Names and values as people write them.

use proptest::prelude::*;

use super::*;

/// The name and the value that are found around `password`.
fn assigned(text: &str) -> Option<(&str, &str)> {
    let at = text.to_ascii_lowercase().find("password")?;
    let assignment = Assignment::of(text.as_bytes(), at..at + "password".len())?;
    Some((&text[assignment.name], &text[assignment.value]))
}

#[test]
fn assignments_are_read_in_every_language() {
    for (text, name) in [
        ("DB_PASSWORD=hunter2x", "DB_PASSWORD"),
        ("export PASSWORD='hunter2x'", "PASSWORD"),
        ("password: hunter2x", "password"),
        ("password: |\n  hunter2x\n", "password"),
        ("{\"password\": \"hunter2x\"}", "password"),
        (r#"{\"password\":\"hunter2x\"}"#, "password"),
        (r#"{\\\"password\\\": \\\"hunter2x\\\"}"#, "password"),
        ("{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2x\"}", "DB_PASSWORD"),
        (r#"{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2x\"}"#, "DB_PASSWORD"),
        ("- name: DB_PASSWORD\n  value: hunter2x\n", "DB_PASSWORD"),
        ("ParameterKey=DbPassword,ParameterValue=hunter2x", "DbPassword"),
        ("<password>hunter2x</password>", "password"),
        ("<c:password>\n  hunter2x\n</c:password>", "password"),
        ("<add key=\"DbPassword\" value=\"hunter2x\" />", "DbPassword"),
        ("<user password=\"hunter2x\"/>", "password"),
        ("user&quot;password&quot;:&quot;hunter2x&quot;", "password"),
        ("const password = \"hunter2x\";", "password"),
        ("const password: string = \"hunter2x\";", "password"),
        ("let password: &'static str = \"hunter2x\";", "password"),
        ("var password string = \"hunter2x\"", "password"),
        ("password := `hunter2x`", "password"),
        ("private String password = \"hunter2x\";", "password"),
        ("$config['password'] = 'hunter2x';", "password"),
        ("os.environ[\"PASSWORD\"] = \"hunter2x\"", "PASSWORD"),
        ("'password' => 'hunter2x',", "password"),
        (":password => \"hunter2x\"", "password"),
        ("props.put(\"password\", \"hunter2x\");", "password"),
        (".withPassword(\"hunter2x\")", "withPassword"),
        ("password = new SecureString(\"hunter2x\")", "password"),
        ("password: Some(\"hunter2x\")", "password"),
        ("password=b'hunter2x'", "password"),
        ("if (password == \"hunter2x\") {", "password"),
        ("mysql --password hunter2x -u root", "password"),
        ("mysql --password=hunter2x -u root", "password"),
        ("ENV DB_PASSWORD hunter2x\n", "DB_PASSWORD"),
        ("DB_PASSWORD += hunter2x", "DB_PASSWORD"),
        ("DB_PASSWORD ?= hunter2x", "DB_PASSWORD"),
        ("https://x.org/?a=1&password=hunter2x&b=2#c", "password"),
        ("Server=db;Password=hunter2x;Database=x", "Password"),
        ("\"Password=hunter2x;Database=x\"", "Password"),
        ("ALTER USER x WITH PASSWORD 'hunter2x';", "PASSWORD"),
        ("a\\nPASSWORD=hunter2x\\n", "PASSWORD"),
        ("variable \"db_password\" {\n  default = \"hunter2x\"\n}", "db_password"),
        ("password\\u003dhunter2x", "password"),
        (
            "variable \"db_password\" {\n  type = string\n  description = \"of the db\"\n  default = \"hunter2x\"\n}",
            "db_password",
        ),
        ("DbPassword:\n    Type: String\n    NoEcho: true\n    Default: hunter2x\n", "DbPassword"),
        ("{\"DbPassword\": {\"Type\": \"String\", \"NoEcho\": true, \"Default\": \"hunter2x\"}}", "DbPassword"),
        (r#"{\"DbPassword\":{\"Type\":\"String\",\"Default\":\"hunter2x\"}}"#, "DbPassword"),
        (
            "\"db_password\": {\n  \"sensitive\": true,\n  \"type\": \"string\",\n  \"value\": \"hunter2x\"\n}",
            "db_password",
        ),
        ("{\"password\":{\"S\":\"hunter2x\"}}", "password"),
        ("<entry key=\"password\">hunter2x</entry>", "password"),
        ("<property name=\"password\">\n  <value>hunter2x</value>", "password"),
        ("<setting name=\"Password\" serializeAs=\"String\"><value>hunter2x</value>", "Password"),
        ("<Password xsi:type=\"x\">hunter2x</Password>", "Password"),
        ("<key>Password</key>\n<string>hunter2x</string>", "Password"),
        ("<name>db.password</name><value>hunter2x</value>", "db.password"),
        ("const password = process.env.PW || \"hunter2x\";", "password"),
        ("const password = process.env['PW'] ?? 'hunter2x';", "password"),
        ("password = os.getenv(\"PW\", \"hunter2x\")", "password"),
        ("password = os.environ.get('PW') or 'hunter2x'", "password"),
        ("'password' => env('PW', 'hunter2x'),", "password"),
        ("password := []byte(\"hunter2x\")", "password"),
        ("APP_PASSWORD=base64:hunter2x", "APP_PASSWORD"),
    ] {
        assert_eq!(assigned(text), Some((name, "hunter2x")), "{text}");
    }
}

#[test]
fn what_assigns_nothing_is_none() {
    for text in [
        "Password::new()",
        "password",
        "password\n",
        "the password. Then",
        "x->password)",
        "<password type=\"x\">",
        "password(x)",
        "password = models.CharField(\"x\", max_length=1)",
    ] {
        assert_eq!(assigned(text).filter(|(_, value)| value.contains("x\"")), None, "{text}");
    }
}

#[test]
fn names_are_split_into_words() {
    for (name, expected) in [
        ("dbPassword", "db_password"),
        ("DBPassword", "db_password"),
        ("DB-PASSWORD", "db_password"),
        ("spring.datasource.password", "spring_datasource_password"),
        ("s3Key2Value", "s3_key2_value"),
        ("__x__", "x_"),
    ] {
        assert_eq!(String::from_utf8_lossy(&words(name.as_bytes())), expected);
    }
}

proptest! {
    #[test]
    fn any_bytes_around_a_keyword_are_read(before in "[ -~\\n]{0,40}", after in "[ -~\\n]{0,80}") {
        let text = format!("{before}password{after}");
        let assignment = Assignment::of(text.as_bytes(), before.len()..before.len() + 8);
        if let Some(assignment) = assignment {
            prop_assert!(assignment.name.end <= assignment.value.start && assignment.value.end <= text.len());
            prop_assert!(assignment.value.start <= assignment.value.end);
        }
    }
}
