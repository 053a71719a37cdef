// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJobs

extension ConnectionOptions {
  /// Shows how far a transfer is, on a terminal.
  func showing(_ name: String) -> @Sendable (TransferProgress) -> Void {
    let isQuiet = quiet || !Console.stderrIsTerminal
    return { progress in
      guard !isQuiet else { return }
      let bytes = BatchText.size(Int64(progress.bytes))
      guard let total = progress.total, total > 0 else { return Console.live("\(name)  \(bytes)") }
      Console.live("\(name)  \(progress.bytes * 100 / total) % of \(BatchText.size(Int64(total)))")
    }
  }
}
