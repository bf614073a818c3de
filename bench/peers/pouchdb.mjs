// PouchDB against express-pouchdb: CouchDB's protocol, one document a record. A server keeps them
// in LevelDB, which does not sync its log to disk; a client keeps them in memory. A replication
// has an end at which either side has what the other had.

import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import express from "express";
import expressPouchDB from "express-pouchdb";
import httpAdapter from "pouchdb-adapter-http";
import levelAdapter from "pouchdb-adapter-leveldb";
import memoryAdapter from "pouchdb-adapter-memory";
import PouchDB from "pouchdb-core";
import mapReduce from "pouchdb-mapreduce";
import replication from "pouchdb-replication";

const DATABASE = "records";

/** How many documents are written or replicated at a time. */
const BATCH = 500;

PouchDB.plugin(replication).plugin(mapReduce);

export async function serve({ records, folder }) {
  await mkdir(folder, { recursive: true });
  const Stored = PouchDB.plugin(levelAdapter).defaults({ prefix: `${folder}${path.sep}` });
  const options = {
    mode: "minimumForPouchDB",
    inMemoryConfig: true,
    logPath: path.join(folder, "log.txt"),
  };
  // It knows the databases that are made after it.
  const application = express().use("/", expressPouchDB(Stored, options));
  const database = new Stored(DATABASE);
  let batch = [];
  for await (const record of records) {
    batch.push({ _id: identifier(record.number), ...record });
    if (batch.length === BATCH) {
      await database.bulkDocs(batch);
      batch = [];
    }
  }
  await database.bulkDocs(batch);
  const server = http.createServer(application).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: server.address().port,
    hold: (expected) => verify(database, expected),
  };
}

export async function join({ url }) {
  const Kept = PouchDB.plugin(memoryAdapter).plugin(httpAdapter);
  const local = new Kept("replica", { adapter: "memory" });
  const remote = new Kept(`${url.replace(/^ws/, "http")}/${DATABASE}`, { skip_setup: true });
  return {
    sync: () => Kept.sync(local, remote, { batch_size: BATCH }),
    leave() {},
    hold: (expected) => verify(local, expected),
    async edit(number, text) {
      const document = await local.get(identifier(number));
      await local.put({ ...document, remark: text });
    },
  };
}

/** Fails unless a database has what is expected: behind a replication it must. */
async function verify(database, { documents, edit }) {
  const { doc_count: held } = await database.info();
  if (held < documents) throw new Error(`${held} of ${documents} documents`);
  if (!edit) return;
  const keys = Array.from({ length: edit.count }, (_, at) => identifier(edit.from + at));
  const { rows } = await database.allDocs({ keys, include_docs: true });
  const old = rows.filter((row) => row.doc.remark !== edit.text);
  if (old.length > 0) throw new Error(`${old.length} of ${edit.count} edits are missing`);
}

function identifier(number) {
  return `record-${String(number).padStart(8, "0")}`;
}
