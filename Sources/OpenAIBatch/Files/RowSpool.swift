// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchModels
internal import OpenAIBatchTransport

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// Rows on their way to an upload, in a private temporary file that goes with this object.
final class RowSpool: Sendable {
  private let file: OutputFile
  private let path: String

  init() throws(BatchClientError) {
    let folder = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    path = "\(folder)/openai-batch-\(String(UInt64.random(in: .min ... .max), radix: 36)).jsonl"
    do throws(FileFailure) {
      file = try OutputFile(replacing: path)
    } catch {
      throw BatchClientError(error, operation: "uploadRequests")
    }
  }

  deinit {
    OutputFile.remove(path)
  }

  func append(_ row: BatchRequest) throws(BatchClientError) {
    do {
      try file.write(try row.line()[...])
    } catch let failure as FileFailure {
      throw BatchClientError(failure, operation: "uploadRequests")
    } catch {
      throw BatchClientError(.invalidRequest, operation: "uploadRequests", "\(error)", underlying: error)
    }
  }

  /// Ends the writing; the file stays until this object goes.
  func finish() throws(BatchClientError) -> String {
    do throws(FileFailure) {
      try file.commit(isDurable: false)
    } catch {
      throw BatchClientError(error, operation: "uploadRequests")
    }
    return path
  }
}
