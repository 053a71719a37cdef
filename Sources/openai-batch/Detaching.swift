// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

@preconcurrency internal import Dispatch
internal import OpenAIBatchJobs
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Turns SIGINT and SIGTERM into leaving: the batch runs on, and the way back is said.
final class Detaching: Sendable {
  private let batch = Mutex<BatchID?>(nil)
  private let resume: String

  /// Starts to listen.
  ///
  /// - Parameters:
  ///   - resume: The line that goes on.
  ///   - partial: A file to remove when leaving, because nobody else would.
  init(resume: String, removing partial: String? = nil) {
    self.resume = resume
    let queue = DispatchQueue(label: "openai-batch.signals")
    for (number, status) in [(SIGINT, ExitStatus.interrupted), (SIGTERM, .terminated)] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      // The handler keeps the source alive for as long as the process listens.
      source.setEventHandler { [self] in
        source.cancel()
        leave(status, removing: partial)
      }
      source.resume()
    }
  }

  private func leave(_ status: ExitStatus, removing partial: String?) -> Never {
    Console.live("")
    if let id = batch.withLock({ $0 }) {
      Console.message("Left \(id) running.")
    } else {
      Console.message("Left before a batch was seen; if one was created, the same line finds it.")
    }
    Console.message("Go on with: \(resume)")
    if let partial { OutputFile.removePartial(of: partial) }
    Console.exit(status.rawValue)
  }

  /// Remembers which batch is left running.
  func follow(_ id: BatchID) {
    batch.withLock { $0 = id }
  }

  /// The command line as it was given, for a shell.
  static var sameLine: String {
    CommandLine.arguments.enumerated().map { index, argument in
      let name = index == 0 ? String(argument.split(separator: "/").last ?? "openai-batch") : argument
      let isPlain =
        !name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || "-_./:=,@%+".contains($0) }
      return isPlain
        ? name
        : "'\(name.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
    }.joined(separator: " ")
  }
}
