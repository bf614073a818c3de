//! Taking imports back: a command for each document that bears a mark, so it syncs as any edit.

use dealership::Timestamp;
use dealership::command::{Command, ImportUndone, UndoImport, UndoOutcome};
use dealership::id::ImportId;

use crate::error::ReplicaError;
use crate::import::{DocumentUndone, UndoReport, findings_of};
use crate::projection::{self, Progress};
use crate::replica::Replica;
use crate::replica::import::from_json;

impl Replica {
    /// Takes back what an import did: what it made is deleted unless somebody worked on it since,
    /// what it changed gets its former value unless somebody changed it since. What stays is
    /// named.
    ///
    /// # Errors
    ///
    /// [`ReplicaError::NoSuchImport`] if nothing here bears a mark of it that stands.
    pub fn undo_import(
        &mut self,
        import: ImportId,
        now: Timestamp,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<UndoReport, ReplicaError> {
        let documents = projection::imported_by(&self.connection, import)?;
        if documents.is_empty() {
            return Err(ReplicaError::NoSuchImport(import));
        }
        let commands: Vec<_> = documents
            .into_iter()
            .map(|document| UndoImport { import, document })
            .collect();
        let ran = self.run_all(UndoImport::NAME, &commands, now, false, progress)?;
        let mut report = UndoReport::of(import);
        for (command, ran) in commands.iter().zip(ran) {
            let (undone, findings) = match ran {
                Ok((output, changed)) => {
                    report.changed.extend(changed);
                    (Some(from_json::<ImportUndone>(output)?), Vec::new())
                }
                Err(error) => (None, findings_of(error)?),
            };
            let count = match undone.as_ref().map(|undone| undone.outcome) {
                Some(UndoOutcome::Deleted) => &mut report.deleted,
                Some(UndoOutcome::Restored) => &mut report.restored,
                Some(UndoOutcome::Left) => &mut report.left,
                None => &mut report.refused,
            };
            *count += 1;
            report.documents.push(DocumentUndone {
                document: command.document,
                undone,
                findings,
            });
        }
        Ok(report)
    }
}
