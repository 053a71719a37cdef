// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJobs
internal import Synchronization

/// Turns SIGINT, SIGTERM and SIGHUP into leaving: the batch runs on, and the way back is said.
final class Detaching: Sendable {
  private let batches = Mutex<[BatchID]>([])
  private let resume: String

  /// Starts to listen.
  ///
  /// - Parameter resume: The line that goes on.
  init(resume: String) {
    self.resume = resume
    Signals.onFirst { [self] status in
      OutputFile.abandon { leave(status) }
    }
  }

  private func leave(_ status: ExitStatus) -> Never {
    Console.live("")
    let batches = batches.withLock { $0 }
    if !batches.isEmpty {
      Console.message("Left \(batches.map(\.rawValue).joined(separator: ", ")) running.")
    } else {
      Console.message("Left before a batch was seen; if one was created, the same line finds it.")
    }
    Console.message("Go on with: \(resume)")
    Console.exit(status.rawValue)
  }

  /// Remembers which batches are left running.
  func follow(_ ids: [BatchID]) {
    batches.withLock { $0 = ids }
  }

  /// Forgets a batch that has ended.
  func forget(_ id: BatchID) {
    batches.withLock { $0.removeAll { $0 == id } }
  }

  /// The command line as it was given, for a shell, but for what would make another batch.
  static var sameLine: String {
    let name = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "openai-batch"
    let arguments = CommandLine.arguments.dropFirst().filter { $0 != "--fresh" }
    return ([name] + arguments).map(ShellWord.quoted).joined(separator: " ")
  }
}
