//! Names and values as people write them.

use proptest::prelude::*;

use super::*;

/// What § stands for.
const SECRET: [&str; 2] = ["hun", "ter2x"];

/// The name and the value that are found around `password`.
fn assigned(text: &str) -> Option<(&str, &str)> {
    let at = text.to_ascii_lowercase().find("password")?;
    let assignment = Assignment::of(text.as_bytes(), at..at + "password".len())?;
    Some((&text[assignment.name], &text[assignment.value]))
}

#[test]
fn assignments_are_read_in_every_language() {
    for (text, name) in [
        ("DB_PASSWORD=§", "DB_PASSWORD"),
        ("export PASSWORD='§'", "PASSWORD"),
        ("password: §", "password"),
        ("password: |\n  §\n", "password"),
        ("{\"password\": \"§\"}", "password"),
        (r#"{\"password\":\"§\"}"#, "password"),
        (r#"{\\\"password\\\": \\\"§\\\"}"#, "password"),
        ("{\"name\":\"DB_PASSWORD\",\"value\":\"§\"}", "DB_PASSWORD"),
        (r#"{\"name\":\"DB_PASSWORD\",\"value\":\"§\"}"#, "DB_PASSWORD"),
        ("- name: DB_PASSWORD\n  value: §\n", "DB_PASSWORD"),
        ("ParameterKey=DbPassword,ParameterValue=§", "DbPassword"),
        ("<password>§</password>", "password"),
        ("<c:password>\n  §\n</c:password>", "password"),
        ("<add key=\"DbPassword\" value=\"§\" />", "DbPassword"),
        ("<user password=\"§\"/>", "password"),
        ("user&quot;password&quot;:&quot;§&quot;", "password"),
        ("const password = \"§\";", "password"),
        ("const password: string = \"§\";", "password"),
        ("let password: &'static str = \"§\";", "password"),
        ("var password string = \"§\"", "password"),
        ("password := `§`", "password"),
        ("private String password = \"§\";", "password"),
        ("$config['password'] = '§';", "password"),
        ("os.environ[\"PASSWORD\"] = \"§\"", "PASSWORD"),
        ("'password' => '§',", "password"),
        (":password => \"§\"", "password"),
        ("props.put(\"password\", \"§\");", "password"),
        (".withPassword(\"§\")", "withPassword"),
        ("password = new SecureString(\"§\")", "password"),
        ("password: Some(\"§\")", "password"),
        ("password=b'§'", "password"),
        ("if (password == \"§\") {", "password"),
        ("mysql --password § -u root", "password"),
        ("mysql --password=§ -u root", "password"),
        ("ENV DB_PASSWORD §\n", "DB_PASSWORD"),
        ("DB_PASSWORD += §", "DB_PASSWORD"),
        ("DB_PASSWORD ?= §", "DB_PASSWORD"),
        ("https://x.org/?a=1&password=§&b=2#c", "password"),
        ("Server=db;Password=§;Database=x", "Password"),
        ("\"Password=§;Database=x\"", "Password"),
        ("ALTER USER x WITH PASSWORD '§';", "PASSWORD"),
        ("a\\nPASSWORD=§\\n", "PASSWORD"),
        ("variable \"db_password\" {\n  default = \"§\"\n}", "db_password"),
        ("password\\u003d§", "password"),
        (
            "variable \"db_password\" {\n  type = string\n  description = \"of the db\"\n  default = \"§\"\n}",
            "db_password",
        ),
        ("DbPassword:\n    Type: String\n    NoEcho: true\n    Default: §\n", "DbPassword"),
        ("{\"DbPassword\": {\"Type\": \"String\", \"NoEcho\": true, \"Default\": \"§\"}}", "DbPassword"),
        (r#"{\"DbPassword\":{\"Type\":\"String\",\"Default\":\"§\"}}"#, "DbPassword"),
        ("\"db_password\": {\n  \"sensitive\": true,\n  \"type\": \"string\",\n  \"value\": \"§\"\n}", "db_password"),
        ("{\"password\":{\"S\":\"§\"}}", "password"),
        ("<entry key=\"password\">§</entry>", "password"),
        ("<property name=\"password\">\n  <value>§</value>", "password"),
        ("<setting name=\"Password\" serializeAs=\"String\"><value>§</value>", "Password"),
        ("<Password xsi:type=\"x\">§</Password>", "Password"),
        ("<key>Password</key>\n<string>§</string>", "Password"),
        ("<name>db.password</name><value>§</value>", "db.password"),
        ("const password = process.env.PW || \"§\";", "password"),
        ("const password = process.env['PW'] ?? '§';", "password"),
        ("password = os.getenv(\"PW\", \"§\")", "password"),
        ("password = os.environ.get('PW') or '§'", "password"),
        ("'password' => env('PW', '§'),", "password"),
        ("password := []byte(\"§\")", "password"),
        ("APP_PASSWORD=base64:§", "APP_PASSWORD"),
    ] {
        // Put together here, so that no scanner takes it for a password.
        let (secret, text) = (SECRET.concat(), text.replace('§', &SECRET.concat()));
        assert_eq!(assigned(&text), Some((name, &*secret)), "{text}");
    }
}

#[test]
fn a_value_may_stand_before_its_name() {
    for (text, name) in [
        ("{\"value\":\"§\",\"name\":\"DB_PASSWORD\"}", "DB_PASSWORD"),
        (r#"{\"value\":\"§\",\"name\":\"DB_PASSWORD\"}"#, "DB_PASSWORD"),
        ("{\n  \"value\": \"§\",\n  \"name\": \"DB_PASSWORD\",\n  \"type\": \"x\"\n}", "DB_PASSWORD"),
        ("[{\"ParameterValue\": \"§\", \"ParameterKey\": \"DbPassword\"}]", "DbPassword"),
        ("- value: §\n  name: DB_PASSWORD\n", "DB_PASSWORD"),
        ("<add value=\"§\" key=\"DbPassword\"/>", "DbPassword"),
    ] {
        let (secret, text) = (SECRET.concat(), text.replace('§', &SECRET.concat()));
        let at = text.to_ascii_lowercase().find("password").expect("keyword");
        let assignment = Assignment::of(text.as_bytes(), at..at + "password".len()).expect("assignment");
        assert_eq!((&text[assignment.named], &text[assignment.value]), (name, &*secret), "{text}");
        assert!(assignment.name.is_empty(), "{text}");
    }
}

#[test]
fn neighbours_in_lists_are_no_values() {
    for text in [
        "[\"Username\",\"Password\",\"S3Configuration\"]",
        "['password', 'base32Code', 'mfa2']",
        r#"[\"user\",\"password\",\"S3\"]"#,
        "{\"value\":\"x\"},{\"name\":\"DB_PASSWORD\"}",
        "- value: x\n- name: DB_PASSWORD\n",
    ] {
        assert_eq!(assigned(text), None, "{text}");
    }
    for text in
        ["[\"mysql\",\"--password\",\"§\"]", "new Map([[\"password\",\"§\"]])", "put(\"a\", \"password\", \"§\")"]
    {
        assert_eq!(assigned(text), Some(("password", "§")), "{text}");
    }
}

#[test]
fn quotes_and_backslashes_belong_to_a_value_as_the_language_says() {
    for (text, value) in [
        ("password: 'a''b'", "a''b"),
        ("password: ''", ""),
        ("{\"password\": \"a\\\"b\"}", "a\\\"b"),
        ("{\"password\": \"ab\\\\\"}", "ab\\\\"),
        (r#"{\"password\": \"ab\\\\\"}"#, r"ab\\\\"),
    ] {
        assert_eq!(assigned(text), Some(("password", value)), "{text}");
    }
}

#[test]
fn one_half_of_a_key_pair_has_the_other_as_its_value() {
    let (id, secret) = (["AKIA", "2345ABCD6723EFGH"].concat(), "a1B/".repeat(10));
    let value = |text: &str| {
        let at = text.find("AKIA").expect("keyword");
        Assignment::of(text.as_bytes(), at..at + 4).map(|assignment| text[assignment.value].to_owned())
    };
    for between in [",", "\", \"", ":", "\nsecret: ", "\",\n    \""] {
        assert_eq!(value(&format!("{id}{between}{secret}\"")).as_ref(), Some(&secret), "{between:?}");
    }
    for text in [
        format!("{id}, {secret}c"),
        format!("{id}, {id} {secret}"),
        format!("{id}, {}{secret}", "- ".repeat(50)),
        id.clone(),
    ] {
        assert_eq!(value(&text), None, "{text}");
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
        "mongodb+srv://user:<password>@x\"",
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
            prop_assert!(assignment.value.start <= assignment.value.end && assignment.named.end <= text.len());
        }
    }
}
