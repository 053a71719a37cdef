// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchModels
internal import OpenAIBatchTransport
internal import Synchronization

/// Rows on their way to an upload, in a private temporary file that goes with this object.
final class RowSpool: Sendable {
  private let file: OutputFile
  private let path: String
  private let limits: RequestFile.Limits
  private struct Size {
    var rows = 0
    var bytes: Int64 = 0
  }
  private let size = Mutex(Size())

  /// Starts the file.
  ///
  /// - Parameter limits: Where it ends: a sequence can be without an end, and the disk is not.
  init(limits: RequestFile.Limits = .openAI) throws(BatchClientError) {
    self.limits = limits
    path = TemporaryPath.unique("openai-batch")
    do throws(FileFailure) {
      file = try OutputFile(replacing: path)
    } catch {
      throw BatchClientError(error, operation: "uploadRequests")
    }
  }

  deinit {
    TemporaryPath.remove(path)
  }

  func append(_ row: BatchRequest) throws(BatchClientError) {
    let line: [UInt8]
    do throws(JSONFailure) {
      line = try row.line()
    } catch {
      throw BatchClientError(.invalidRequest, operation: "uploadRequests", "\(error)", underlying: error)
    }
    let size = size.withLock { size in
      size.rows += 1
      size.bytes += Int64(line.count)
      return size
    }
    guard size.rows <= limits.rows else { throw Self.tooMany("\(limits.rows) rows") }
    guard size.bytes <= limits.bytes else { throw Self.tooMany("\(limits.bytes) bytes") }
    do throws(FileFailure) {
      try file.write(line[...])
    } catch {
      throw BatchClientError(error, operation: "uploadRequests")
    }
  }

  private static func tooMany(_ limit: String) -> BatchClientError {
    BatchClientError(
      .invalidRequest, operation: "uploadRequests",
      "The rows are more than a batch takes: at most \(limit). Make several batches of them.")
  }

  /// Ends the writing; the file stays until this object goes.
  func finish() throws(BatchClientError) -> String {
    do throws(FileFailure) {
      try file.commit(isDurable: false, replacing: true)
    } catch {
      throw BatchClientError(error, operation: "uploadRequests")
    }
    return path
  }
}
