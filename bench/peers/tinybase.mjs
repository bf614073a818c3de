// TinyBase: one row of a mergeable store a record. A server writes the whole store as one file
// after each change and does not sync it to disk; a client keeps its store in memory. A client
// that starts to sync is told when it has what the server had, not when the server has its own.

import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { createMergeableStore } from "tinybase";
import { createFilePersister } from "tinybase/persisters/persister-file";
import { createWsSynchronizer } from "tinybase/synchronizers/synchronizer-ws-client";
import { createWsServer } from "tinybase/synchronizers/synchronizer-ws-server";
import { WebSocket, WebSocketServer } from "ws";
import { Replica } from "./replica.mjs";

const TABLE = "records";

/** In seconds: a large store takes longer to come than the second that is TinyBase's default. */
const PATIENCE = 600;

export async function serve({ records, folder }) {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, "store.json");
  const store = createMergeableStore();
  const replica = follow(store);
  const rows = [];
  for await (const record of records) rows.push(record);
  store.transaction(() => {
    for (const record of rows) store.setRow(TABLE, String(record.number), record);
  });
  const persister = createFilePersister(store, file);
  await persister.save();
  const sockets = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(sockets, "listening");
  createWsServer(sockets, () => persister);
  return {
    port: sockets.address().port,
    hold: (expected) => replica.until(expected),
  };
}

export async function join({ url }) {
  const store = createMergeableStore();
  const replica = follow(store);
  let synchronizer = null;
  return {
    async sync(expected) {
      if (!synchronizer) {
        synchronizer = await createWsSynchronizer(store, new WebSocket(url), PATIENCE);
        await synchronizer.startSync();
      }
      await replica.until(expected);
    },
    async leave() {
      await synchronizer.destroy();
      synchronizer = null;
    },
    hold: (expected) => replica.until(expected),
    edit(number, text) {
      store.setCell(TABLE, String(number), "remark", text);
    },
  };
}

/** What a store has, followed as it changes. */
function follow(store) {
  const replica = new Replica();
  store.addRowListener(TABLE, null, (_store, _table, row) => {
    replica.note(Number(row), store.getCell(TABLE, row, "remark"));
  });
  return replica;
}
