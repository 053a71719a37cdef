// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

/// Counts what an upload's attempts read of the file, part by part, and tells who wants to know.
final class UploadMeter: Sendable {
  private struct State {
    var parts: [Int: Int] = [:]
    var sum = 0
  }
  private let state = Mutex(State())
  private let total: Int
  private let report: @Sendable (TransferProgress) -> Void

  init(total: Int64, report: @escaping @Sendable (TransferProgress) -> Void) {
    self.total = Int(total)
    self.report = report
  }

  /// The same body, counted.
  func body(_ base: RequestBody, part: Int = 0) -> RequestBody {
    .producer(length: base.length, isReplayable: base.isReplayable) {
      self.begin(part)
      return MeteredReader(try await base.open(), meter: self, part: part)
    }
  }

  private func begin(_ part: Int) {
    state.withLock { $0.sum -= $0.parts.updateValue(0, forKey: part) ?? 0 }
  }

  fileprivate func count(_ bytes: Int, part: Int) {
    // Reported under the lock: of several parts, too, one report after the other and none out of order.
    state.withLock { state in
      state.parts[part, default: 0] += bytes
      state.sum += bytes
      report(TransferProgress(bytes: state.sum, total: total))
    }
  }
}

private final class MeteredReader: RequestBodyReader {
  private let base: any RequestBodyReader
  private let meter: UploadMeter
  private let part: Int

  init(_ base: any RequestBodyReader, meter: UploadMeter, part: Int) {
    self.base = base
    self.meter = meter
    self.part = part
  }

  func next() async throws -> ArraySlice<UInt8>? {
    let chunk = try await base.next()
    if let chunk { meter.count(chunk.count, part: part) }
    return chunk
  }
}
