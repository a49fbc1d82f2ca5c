//! The `Conditions` of a template.

use serde_json::Value;

use super::intrinsics::Resolver;

impl Resolver<'_> {
    /// Whether the named condition holds. One that cannot be decided is a problem and counts as false.
    pub(super) fn condition(&self, name: &str, path: &str) -> bool {
        let Some(rule) = self.template["Conditions"].get(name) else {
            self.problem(path, format!("names the condition {name}, which the template does not declare"));
            return false;
        };
        let own_path = format!("Conditions.{name}");
        self.once_at_a_time(&own_path, path, || self.holds(rule, &own_path)).unwrap_or(false)
    }

    fn holds(&self, rule: &Value, path: &str) -> bool {
        let call = rule.as_object().and_then(|map| map.iter().next().filter(|_| map.len() == 1));
        match call.map(|(name, argument)| (name.as_str(), argument)) {
            Some(("Condition", Value::String(name))) => self.condition(name, path),
            Some(("Fn::Equals", Value::Array(sides))) if sides.len() == 2 => {
                self.text(&sides[0], path) == self.text(&sides[1], path)
            }
            Some(("Fn::Not", Value::Array(rules))) if rules.len() == 1 => !self.holds(&rules[0], path),
            Some(("Fn::And", Value::Array(rules))) => rules.iter().all(|rule| self.holds(rule, path)),
            Some(("Fn::Or", Value::Array(rules))) => rules.iter().any(|rule| self.holds(rule, path)),
            _ => {
                self.problem(path, "must be Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition");
                false
            }
        }
    }
}
