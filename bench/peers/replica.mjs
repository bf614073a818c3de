// What an end of a peer has of the documents, and waiting until it has what is expected.

export class Replica {
  /** The remark of each document by its number; undefined where it has none. */
  #remarks = new Map();
  #awaited = null;

  /** How many documents there are. */
  get size() {
    return this.#remarks.size;
  }

  /** Notes a document as it is now. */
  note(number, remark) {
    this.#remarks.set(number, remark);
    this.#look(number);
  }

  /** Resolves when everything expected has been noted. */
  async until({ documents, edit }) {
    const missing = new Set();
    if (edit) {
      for (let number = edit.from; number < edit.from + edit.count; number += 1) {
        if (this.#remarks.get(number) !== edit.text) missing.add(number);
      }
    }
    if (this.size >= documents && missing.size === 0) return;
    await new Promise((resolve) => {
      this.#awaited = { documents, text: edit?.text, missing, resolve };
    });
  }

  #look(number) {
    const awaited = this.#awaited;
    if (!awaited) return;
    if (this.#remarks.get(number) === awaited.text) awaited.missing.delete(number);
    if (this.size >= awaited.documents && awaited.missing.size === 0) {
      this.#awaited = null;
      awaited.resolve();
    }
  }
}
