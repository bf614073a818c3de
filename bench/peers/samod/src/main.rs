//! samod as one of the peers: one end of it as a process of its own, with the command line and the
//! commands that `driver.mjs` beside this package has and explains.
//!
//! As with automerge-repo, a server announces nothing and answers what it is asked for, and a
//! client knows the documents' ids beforehand and announces what it has. A server keeps the
//! documents in files that it does not sync to disk, a client in memory.

mod client;
mod record;
mod replica;
mod server;
mod web_socket;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};

use client::Client;
use replica::{Edit, Expected};
use server::Server;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    Server {
        #[arg(long)]
        records: PathBuf,
        #[arg(long)]
        folder: PathBuf,
    },
    Client {
        #[arg(long)]
        url: String,
        #[arg(long)]
        index: PathBuf,
    },
}

/// What an end is told.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Command {
    Sync { expect: Expected },
    Leave,
    Edit { edit: Edit },
    Hold { expect: Expected },
}

/// What this process is.
enum End {
    Server(Server),
    Client(Client),
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut end = match Arguments::parse().role {
        Role::Server { records, folder } => {
            let (server, index) = Server::start(&records, &folder).await?;
            answer(&json!({"port": server.port(), "index": index}));
            End::Server(server)
        }
        Role::Client { url, index } => {
            let client = Client::new(&url, &index).await?;
            answer(&json!({"ready": true}));
            End::Client(client)
        }
    };
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let command = serde_json::from_str(&line).with_context(|| format!("told {line}"))?;
        answer(&obey(&mut end, command).await?);
    }
    Ok(())
}

async fn obey(end: &mut End, command: Command) -> Result<Json> {
    match (end, command) {
        (End::Client(client), Command::Sync { expect }) => client.sync(&expect).await?,
        (End::Client(client), Command::Leave) => client.leave(),
        (End::Client(client), Command::Edit { edit }) => {
            let mut milliseconds = Vec::new();
            for number in edit.numbers() {
                let start = Instant::now();
                client.edit(number, &edit.text)?;
                milliseconds.push(start.elapsed().as_secs_f64() * 1_000.0);
            }
            return Ok(json!({ "milliseconds": milliseconds }));
        }
        (End::Client(client), Command::Hold { expect }) => client.hold(&expect).await?,
        (End::Server(server), Command::Hold { expect }) => server.hold(&expect).await?,
        _ => bail!("that is for the other end"),
    }
    Ok(json!({"done": true}))
}

fn answer(value: &Json) {
    println!("{value}");
}
