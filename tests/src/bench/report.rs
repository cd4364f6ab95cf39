//! The table, and the same as JSON.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::system;

/// One measured number.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    limit: Option<f64>,
    note: String,
}

impl Row {
    /// A number for scale.
    pub fn plain(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, limit: None, note: String::new() }
    }

    /// A number that should not be larger than `limit`.
    pub fn limited(name: impl Into<String>, value: f64, unit: &'static str, limit: f64) -> Self {
        Self { limit: Some(limit), ..Self::plain(name, value, unit) }
    }

    /// How it came about.
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    fn is_missed(&self) -> bool {
        // What is no number was not measured, and keeps no promise.
        self.limit.is_some_and(|limit| self.value.is_nan() || self.value > limit)
    }

    fn verdict(&self) -> &'static str {
        match self.limit {
            None => "",
            Some(_) if self.is_missed() => "MISSED",
            Some(_) => "ok",
        }
    }

    fn line(&self) -> String {
        let number = |value: f64| format!("{} {}", digits(value), self.unit);
        let limit = self.limit.map_or_else(String::new, |l| format!("at most {}", number(l)));
        let line = format!(
            "  {:<46} {:>12}   {:<17} {:<7} {}",
            self.name,
            number(self.value),
            limit.trim_end(),
            self.verdict(),
            self.note
        );
        line.trim_end().to_owned()
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "limit": self.limit,
            "ok": self.limit.map(|_| !self.is_missed()),
            "note": self.note,
        })
    }
}

/// Three digits that matter, and no more.
fn digits(value: f64) -> String {
    match value.abs() {
        v if v == 0.0 || v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// All that was measured.
pub struct Report {
    machine: Value,
    sections: Vec<Value>,
    missed: usize,
    unmeasured: usize,
    kept: usize,
}

impl Report {
    /// Prints the head.
    pub fn begin(quick: bool) -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let cpu = system::cpu_name();
        let date = date();
        let version = env!("CARGO_PKG_VERSION");
        println!("Stowaway {version}, measured on {date}: {cores} cores, {cpu}");
        let machine = json!({
            "version": version, "date": date, "cores": cores, "cpu": cpu, "quick": quick,
            "os": std::env::consts::OS, "arch": std::env::consts::ARCH,
        });
        Self { machine, sections: Vec::new(), missed: 0, unmeasured: 0, kept: 0 }
    }

    /// Measures and prints one part. What cannot be measured is said.
    pub fn section(&mut self, title: &str, measure: impl FnOnce() -> Result<Vec<Row>, String>) {
        println!("\n{title}");
        match measure() {
            Ok(rows) => {
                for row in &rows {
                    println!("{}", row.line());
                }
                self.missed += rows.iter().filter(|r| r.is_missed()).count();
                self.kept += rows.iter().filter(|r| r.limit.is_some() && !r.is_missed()).count();
                let rows: Vec<Value> = rows.iter().map(Row::json).collect();
                self.sections.push(json!({ "title": title, "rows": rows }));
            }
            Err(why) => {
                println!("  not measured: {why}");
                self.unmeasured += 1;
                self.sections.push(json!({ "title": title, "not_measured": why }));
            }
        }
    }

    /// Prints the foot and writes the file.
    pub fn end(self, path: &Path) -> Result<(), String> {
        let all = json!({ "machine": self.machine, "sections": self.sections });
        let text = serde_json::to_string_pretty(&all).unwrap_or_default() + "\n";
        std::fs::write(path, text)
            .map_err(|e| format!("{} cannot be written: {e}.", path.display()))?;
        let Self { kept, missed, unmeasured, .. } = self;
        println!("\n{kept} limits kept, {missed} missed, {unmeasured} parts not measured.");
        println!("{}", path.display());
        Ok(())
    }
}

/// Today, in UTC.
fn date() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    civil(since.as_secs() / 86_400)
}

/// Days since 1970 as a date (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: u64) -> String {
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        assert_eq!(civil(0), "1970-01-01");
        assert_eq!(civil(11_016), "2000-02-29");
        assert_eq!(civil(20_454), "2026-01-01");
    }

    #[test]
    fn a_limit_is_kept_up_to_itself_and_never_by_no_number() {
        assert_eq!(Row::limited("a", 2.0, "x", 2.0).verdict(), "ok");
        assert_eq!(Row::limited("a", 2.01, "x", 2.0).verdict(), "MISSED");
        assert_eq!(Row::limited("a", f64::NAN, "x", 2.0).verdict(), "MISSED");
        assert_eq!(Row::plain("a", 2.0, "x").verdict(), "");
    }

    #[test]
    fn numbers_have_the_digits_that_matter() {
        assert_eq!(
            [0.0, 1.234, 12.34, 123.4, 0.01234].map(digits),
            ["0", "1.23", "12.3", "123", "0.0123"]
        );
    }
}
