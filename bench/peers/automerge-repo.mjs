// automerge-repo: one Automerge document a record, configured as its own sync server is: a server
// announces nothing and answers what it is asked for, a client knows the documents' ids beforehand
// (an application would keep them in a document) and announces what it has. A server keeps the
// documents in files that it does not sync to disk, a client in memory. Nothing tells a client
// that it has everything, or that the server has what it wrote.

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { ImmutableString, Repo } from "@automerge/automerge-repo";
import {
  WebSocketClientAdapter,
  WebSocketServerAdapter,
} from "@automerge/automerge-repo-network-websocket";
import { NodeFSStorageAdapter } from "@automerge/automerge-repo-storage-nodefs";
import { WebSocketServer } from "ws";
import { Replica } from "./replica.mjs";

/**
 * Longer than any run. A client with thousands of documents to load answers no ping for longer
 * than the five seconds after which a server would end its connection, and one that lost its
 * connection is not to dial again behind the benchmark's back.
 */
const NEVER = 3_600_000;

export async function serve({ records, folder }) {
  const sockets = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(sockets, "listening");
  const repo = new Repo({
    peerId: "server",
    storage: new NodeFSStorageAdapter(folder),
    network: [new WebSocketServerAdapter(sockets, NEVER)],
    sharePolicy: async () => false,
  });
  const replica = new Replica();
  const index = [];
  for await (const record of records) {
    const handle = repo.create(withoutText(record));
    follow(handle, replica);
    index.push(handle.documentId);
  }
  await repo.flush();
  return {
    port: sockets.address().port,
    index,
    hold: (expected) => replica.until(expected),
  };
}

export async function join({ url, index }) {
  const repo = new Repo({ peerId: randomUUID(), sharePolicy: async () => true });
  const ids = JSON.parse(await readFile(index, "utf8"));
  const replica = new Replica();
  const handles = new Map();
  const fetch = async (id) => {
    const handle = await repo.find(id);
    handles.set(follow(handle, replica), handle);
  };
  let adapter = null;
  return {
    async sync(expected) {
      if (!adapter) {
        const greeted = new Promise((resolve) => repo.networkSubsystem.once("peer", resolve));
        adapter = new WebSocketClientAdapter(url, NEVER);
        repo.networkSubsystem.addNetworkAdapter(adapter);
        await greeted;
        if (handles.size === 0) await Promise.all(ids.map(fetch));
      }
      await replica.until(expected);
    },
    leave() {
      repo.networkSubsystem.removeNetworkAdapter(adapter);
      adapter = null;
    },
    hold: (expected) => replica.until(expected),
    edit(number, text) {
      handles.get(number).change((document) => {
        document.remark = new ImmutableString(text);
      });
    },
  };
}

/** A record whose strings are values: nobody merges a name letter by letter. */
function withoutText(record) {
  const value = (field) => (typeof field === "string" ? new ImmutableString(field) : field);
  return Object.fromEntries(Object.entries(record).map(([name, field]) => [name, value(field)]));
}

/** Notes a document that is there, and again whenever it changes; gives its number. */
function follow(handle, replica) {
  const note = (document) => replica.note(document.number, document.remark.toString());
  handle.on("change", ({ doc }) => note(doc));
  const document = handle.doc();
  note(document);
  return document.number;
}
