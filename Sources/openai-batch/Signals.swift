// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

@preconcurrency internal import Dispatch
internal import OpenAIBatchJobs

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// SIGINT, SIGTERM and SIGHUP as calls, in place of the process's end.
enum Signals {
  /// Ends the process for the first signal, without halves of files.
  static func leaveNothingBehind() {
    onFirst { status in OutputFile.abandon { Console.exit(status.rawValue) } }
  }

  /// Calls `handler` for the first signal; after that a second one ends the process as usual.
  ///
  /// It listens when this returns: a signal before ends the process as usual, and none is lost between. What the
  /// process was started to ignore, as by `nohup`, it ignores.
  static func onFirst(_ handler: @escaping @Sendable (ExitStatus) -> Void) {
    let queue = DispatchQueue(label: "openai-batch.signals")
    let registrations = DispatchGroup()
    let ends: [(CInt, ExitStatus)] = [(SIGINT, .interrupted), (SIGTERM, .terminated), (SIGHUP, .hungUp)]
    for (number, status) in ends where !isIgnored(number) {
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      registrations.enter()
      source.setRegistrationHandler {
        #if canImport(Darwin)
        // A kqueue sees what is ignored. Elsewhere Dispatch has set a handler of its own.
        signal(number, SIG_IGN)
        #endif
        registrations.leave()
      }
      // The handler keeps the source alive for as long as the process listens.
      source.setEventHandler {
        source.cancel()
        signal(number, SIG_DFL)
        handler(status)
      }
      source.resume()
    }
    registrations.wait()
  }

  private static func isIgnored(_ number: CInt) -> Bool {
    guard let handler = signal(number, SIG_DFL) else { return false }
    signal(number, handler)
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
