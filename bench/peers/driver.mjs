// One end of a peer, as a process of its own.
//
//   node driver.mjs PEER server --records FILE --folder FOLDER
//   node driver.mjs PEER client --url URL --index FILE
//
// A server takes in the records, one JSON object a line, keeps them in the folder, and says where
// it listens; if its clients must know the documents by name, it writes the names to a file of the
// folder and says which. Then either end does what it is told on its standard input, one JSON object a line,
// and answers each with one:
//
//   {"do": "sync", "expect": EXPECTED}   a client: connects if it is not connected, and answers
//                                        when it has what is expected; one whose syncing has an
//                                        end answers at that end
//   {"do": "leave"}                      a client: closes its connection
//   {"do": "edit", "edit": EDIT}         a client: makes the edits, one after the other, and says
//                                        how many milliseconds each took
//   {"do": "hold", "expect": EXPECTED}   either: answers when it holds what is expected
//
// EXPECTED is {"documents": NUMBER, "edit": EDIT or null}; EDIT is {"from", "count", "text"}: the
// documents numbered from `from` have the remark `text`.

import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: "string" },
    folder: { type: "string" },
    url: { type: "string" },
    index: { type: "string" },
  },
});
const [name, role] = positionals;
const peer = await import(`./${name}.mjs`);

const lines = (input) => createInterface({ input, crlfDelay: Infinity });
// A library that talks to a person must not be taken for an answer.
console.log = console.error;
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

async function* records() {
  for await (const line of lines(createReadStream(values.records))) {
    yield JSON.parse(line);
  }
}

async function begin() {
  if (role === "client") {
    const end = await peer.join({ url: values.url, index: values.index });
    answer({ ready: true });
    return end;
  }
  const end = await peer.serve({ records: records(), folder: values.folder });
  const index = path.join(values.folder, "index.json");
  if (end.index) await writeFile(index, JSON.stringify(end.index));
  answer({ port: end.port, index: end.index ? index : null });
  return end;
}

const end = await begin();

for await (const line of lines(process.stdin)) {
  const told = JSON.parse(line);
  switch (told.do) {
    case "sync":
      await end.sync(told.expect);
      answer({ done: true });
      break;
    case "leave":
      await end.leave();
      answer({ done: true });
      break;
    case "edit": {
      const milliseconds = [];
      for (let number = told.edit.from; number < told.edit.from + told.edit.count; number += 1) {
        const start = performance.now();
        await end.edit(number, told.edit.text);
        milliseconds.push(performance.now() - start);
      }
      answer({ milliseconds });
      break;
    }
    case "hold":
      await end.hold(told.expect);
      answer({ done: true });
      break;
    default:
      throw new Error(`there is no command ${told.do}`);
  }
}
process.exit(0);
