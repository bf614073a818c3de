//! `replica_end FOLDER`: a replica that is told what to do; our client in the peers' benchmark,
//! with the commands that `bench/peers/driver.mjs` explains.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a part of a benchmark, which stops at the first surprise"
)]

use std::io;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use client_core::native::{Clock, SystemEntropy, sync_once};
use client_core::{LinkEffect, Replica};
use serde_json::{Value as Json, json};
use stories::bench::figures::milliseconds;
use stories::bench::peers::{Command, Edit, Expected};
use tokio::runtime::{Builder, Runtime};

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("no folder")?;
    let mut end = ReplicaEnd::open(PathBuf::from(folder))?;
    println!("{}", json!({"ready": true}));
    for line in io::stdin().lines() {
        let command = serde_json::from_str(&line?)?;
        println!("{}", end.obey(&command)?);
    }
    Ok(())
}

struct ReplicaEnd {
    replica: Replica,
    runtime: Runtime,
    /// The customers, in an order that is the same on every device.
    customers: Vec<Json>,
}

impl ReplicaEnd {
    fn open(folder: PathBuf) -> Result<Self> {
        let entropy = Box::new(SystemEntropy);
        Ok(Self {
            replica: Replica::open(&folder, entropy, Clock::wall(), &mut |_| {})?,
            runtime: Builder::new_current_thread().enable_all().build()?,
            customers: Vec::new(),
        })
    }

    fn obey(&mut self, command: &Command) -> Result<Json> {
        match command {
            Command::Sync { .. } => {
                let clock = Clock::start();
                let mut tell_nobody = |_: &LinkEffect| {};
                let sync = sync_once(&mut self.replica, &clock, "bench", &mut tell_nobody);
                let report = self.runtime.block_on(sync)?;
                ensure!(report.unsent == 0, "{} batches were put off", report.unsent);
            }
            // A sync that has ended has no connection.
            Command::Leave => {}
            Command::Edit { edit } => return self.edit(edit),
            Command::Hold { expect } => self.hold(expect)?,
        }
        Ok(json!({"done": true}))
    }

    fn edit(&mut self, edit: &Edit) -> Result<Json> {
        self.number_customers()?;
        let mut took = Vec::new();
        for customer in self.customers_of(edit)? {
            let input = json!({"customer": customer, "occupation": edit.text});
            let start = Instant::now();
            let edited = self.replica.execute("edit_customer", input, Clock::wall());
            edited.with_context(|| format!("{customer} is not edited"))?;
            took.push(milliseconds(start.elapsed()));
        }
        Ok(json!({ "milliseconds": took }))
    }

    /// Fails unless everything expected is here.
    fn hold(&mut self, expected: &Expected) -> Result<()> {
        let status = self.show("sync_status", json!({}))?;
        let held = status["documents"].as_u64().context("no number")?;
        let wanted = expected.documents;
        ensure!(held >= wanted as u64, "{held} of {wanted} documents");
        let Some(edit) = &expected.edit else {
            return Ok(());
        };
        self.number_customers()?;
        for customer in self.customers_of(edit)? {
            let detail = self.show("customer_detail", json!({ "customer": customer }))?;
            let occupation = &detail["card"]["occupation"];
            ensure!(
                occupation.to_string().contains(&edit.text),
                "{customer} has {occupation}"
            );
        }
        Ok(())
    }

    fn customers_of(&self, edit: &Edit) -> Result<Vec<Json>> {
        let customers = self.customers.get(edit.numbers());
        Ok(customers.context("too few customers")?.to_vec())
    }

    fn number_customers(&mut self) -> Result<()> {
        let mut after = Json::Null;
        while self.customers.is_empty() || !after.is_null() {
            let mut page = self.show("customer_list", json!({"limit": 500, "after": after}))?;
            let rows = page["rows"].as_array().context("no rows")?;
            ensure!(!rows.is_empty(), "no customers");
            let customers = rows.iter().map(|row| row["customer"].clone());
            self.customers.extend(customers);
            after = page["next"].take();
        }
        Ok(())
    }

    fn show(&self, view: &str, input: Json) -> Result<Json> {
        Ok(self.replica.show(view, input, Clock::wall())?)
    }
}
