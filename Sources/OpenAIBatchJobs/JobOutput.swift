// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatch
internal import OpenAIBatchJSON

/// Where a job's answers go, opened before anything is paid for.
final class JobOutput: Sendable {
  private enum Target: Sendable {
    /// A file, and what it may replace.
    case file(OutputFile, replacing: Replaceable)
    case stream(@Sendable (ArraySlice<UInt8>) throws -> Void)
  }
  private enum Replaceable: Sendable {
    case anything
    /// What was there, and is as it was.
    case earlier(FileVersion)
    case nothing
  }
  private let target: Target

  /// Opens the output.
  ///
  /// - Throws: ``BatchClientError`` of kind `file` when it cannot be written, or is a file that is not to
  ///   be replaced.
  init(_ output: BatchJob.Output, input: String, options: BatchJob.Options) throws(BatchClientError) {
    switch output {
    case .stream(let write):
      target = .stream(write)
    case .file(let path):
      do throws(FileFailure) {
        guard !OutputFile.replaces(input, at: path) else {
          throw FileFailure(path: path, reason: "is the input itself; choose another name for the output")
        }
        let file = try OutputFile(replacing: path)
        let earlier = FileVersion(path: path)
        if !options.overwritesOutput, OutputFile.exists(path) {
          // The same job may have been here before; its answers are the same rows in the same order.
          guard !options.isFresh, try Self.isWritten(path, for: input) else {
            let reason =
              options.isFresh
              ? "exists, and a fresh batch gives other answers"
              : "exists, and does not have a result for each row of the input, in its order"
            throw FileFailure(
              path: path, reason: "\(reason). Remove it, choose another name, or overwrite it")
          }
        }
        target = .file(
          file, replacing: options.overwritesOutput ? .anything : earlier.map(Replaceable.earlier) ?? .nothing
        )
      } catch {
        throw BatchClientError(error, operation: "openOutput")
      }
    }
  }

  /// Writes one line.
  func write(_ line: ArraySlice<UInt8>) throws(BatchClientError) {
    switch target {
    case .file(let file, _):
      do throws(FileFailure) {
        try file.write(line)
        try file.write([0x0A])
      } catch {
        throw BatchClientError(error, operation: "writeAnswers")
      }
    case .stream(let write):
      do {
        try write(line + [0x0A])
      } catch is CancellationError {
        throw .cancelled("writeAnswers")
      } catch {
        throw BatchClientError(
          .file, operation: "writeAnswers", "The output cannot be written: \(error)", underlying: error)
      }
    }
  }

  /// Makes the output appear.
  func commit() throws(BatchClientError) {
    guard case .file(let file, let replaceable) = target else { return }
    do throws(FileFailure) {
      switch replaceable {
      case .anything: try file.commit(replacing: true)
      // One that was removed meanwhile is no hindrance, one that appeared or changed is.
      case .earlier(let version): try file.commit(replacing: file.versionInPlace == version)
      case .nothing: try file.commit(replacing: false)
      }
    } catch {
      throw BatchClientError(error, operation: "writeAnswers")
    }
  }

  /// Whether a file has one result line for each row of the input, in its order. Another job's with the same ids
  /// has that, too.
  private static func isWritten(_ path: String, for input: String) throws(FileFailure) -> Bool {
    var rows = try RequestLineReader(path: input)
    var results = try RequestLineReader(path: path)
    while let row = try rows.next() {
      guard let line = try results.nextLine(), let result = try? line.parse(),
        result["response"] != nil || result["error"] != nil,
        let id = result["custom_id"]?.string, id == row.customID
      else { return false }
    }
    return try results.nextLine() == nil
  }
}
