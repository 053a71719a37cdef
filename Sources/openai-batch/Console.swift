// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJobs
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Data to stdout, messages to stderr.
enum Console {
  static var stdoutIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
  static var stderrIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Opens what a caller has closed of stdin, stdout and stderr: the next file would get its number, and the messages.
  static func claimDescriptors() {
    var descriptor: CInt
    // For reading only: who writes to what is closed gets an error, as before.
    repeat { descriptor = open("/dev/null", O_RDONLY) } while 0...STDERR_FILENO ~= descriptor
    if descriptor > STDERR_FILENO { close(descriptor) }
  }

  /// A reader that goes away, as in `| head`, and a limit on the size of files are errors of the write and not the end
  /// of the process.
  static func ignoreSignalsOfWrites() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Refuses an argument that is not UTF-8: with its bytes replaced it would name another file.
  static func checkArguments() throws {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let bytes = CommandLine.unsafeArgv[index], String(validatingCString: bytes) == nil else {
        continue
      }
      throw CommandProblem(
        status: .usage,
        message: "\(CommandLine.arguments[index]) is not UTF-8; rename the file, or link to it.")
    }
  }

  /// Writes data to stdout.
  static func write(_ text: String) throws {
    try write(Array(text.utf8)[...])
  }

  /// Writes data to stdout.
  static func write(_ bytes: ArraySlice<UInt8>) throws {
    try put(bytes, STDOUT_FILENO)
  }

  /// The text without control characters, but for line feeds and tabs: part of it comes from the network, and a
  /// terminal would obey them.
  static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.filter { $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control }))
  }

  /// Says something on stderr.
  static func message(_ text: String) {
    let text = printable(text)
    liveLine.withLock { line in
      let clear = line.isEmpty ? "" : "\r\u{1B}[K"
      try? put(Array("\(clear)\(text)\n\(line)".utf8)[...], STDERR_FILENO)
    }
  }

  /// Says on stderr what went wrong.
  static func error(_ text: String) {
    message("openai-batch: \(text)")
  }

  /// Shows a line that later ones replace; on a terminal only.
  static func live(_ text: String) {
    guard stderrIsTerminal else { return }
    let text = printable(text)
    liveLine.withLock { line in
      guard line != text else { return }
      line = text
      try? put(Array("\r\u{1B}[K\(text)".utf8)[...], STDERR_FILENO)
    }
  }

  /// Ends the process at once; nothing here needs the C library's clean-up.
  static func exit(_ code: Int32) -> Never {
    live("")
    _exit(code)
  }

  private static let liveLine = Mutex("")

  private static func put(_ bytes: ArraySlice<UInt8>, _ descriptor: CInt) throws {
    try bytes.write(to: descriptor, path: descriptor == STDOUT_FILENO ? "stdout" : "stderr")
  }
}
