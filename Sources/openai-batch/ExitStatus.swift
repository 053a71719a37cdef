// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJSON
internal import OpenAIBatchJobs

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The exit codes: stable, so that scripts can tell what to do next.
enum ExitStatus: Int32, CaseIterable {
  case success = 0
  case unexpected = 1
  case usage = 2
  case configuration = 3
  case refused = 4
  case unavailable = 5
  case incomplete = 6
  case stillRunning = 7
  case local = 8
  case outcomeUnknown = 9
  case quota = 10
  case hungUp = 129
  case interrupted = 130
  case terminated = 143

  var meaning: String {
    switch self {
    case .success: "every row is answered"
    case .unexpected: "something unexpected"
    case .usage: "wrong usage, or the input file has problems; nothing was sent"
    case .configuration: "configuration, or no usable key; nothing was sent"
    case .refused: "the service refused the request or the key, or the batch failed"
    case .unavailable: "the service or the network is not available, after all attempts"
    case .incomplete: "finished, but some rows are not answered, or lines came back that belong to none"
    case .stillRunning: "stopped waiting; the batch runs on"
    case .local: "a local file or the disk"
    case .outcomeUnknown: "nobody knows whether the batch was created; the same line again finds out"
    case .quota: "over the quota of queued tokens: nothing ran, send it again later"
    case .hungUp: "SIGHUP: the terminal is gone; the batch runs on"
    case .interrupted: "SIGINT; the batch runs on"
    case .terminated: "SIGTERM; the batch runs on"
    }
  }

  /// An end that is told already: the command only leaves.
  struct Exit: Error {
    let status: ExitStatus
  }

  /// Ends the process for an error, after saying what it is.
  static func exit(with error: any Error) -> Never {
    let status: ExitStatus
    switch error {
    case let exit as Exit:
      status = exit.status
    case let error as BatchClientError:
      Console.error(Self.message(for: error))
      status = Self.status(for: error.cause)
    case let error as FileFailure:
      Console.error(error.description)
      status = .local
    case let error as JSONFailure:
      Console.error(error.description)
      status = .local
    case let error as CommandProblem:
      Console.error(error.message)
      status = error.status
    default:
      leave(parser: error)
    }
    Console.exit(status.rawValue)
  }

  /// Help and version end well; ArgumentParser's own code for wrong usage is 64, ours is 2.
  private static func leave(parser error: any Error) -> Never {
    let code = OpenAIBatchCommand.exitCode(for: error)
    let message = OpenAIBatchCommand.fullMessage(for: error)
    if code.isSuccess {
      do {
        if !message.isEmpty { try Console.write(message + "\n") }
      } catch {
        exit(with: error)
      }
    } else if !message.isEmpty {
      Console.message(message)
    }
    let isUsage = code == .validationFailure
    Console.exit(code.isSuccess ? 0 : isUsage ? ExitStatus.usage.rawValue : ExitStatus.unexpected.rawValue)
  }

  static func status(for error: BatchClientError) -> ExitStatus {
    switch error.kind {
    case .invalidRequest: .usage
    case .invalidConfiguration: .configuration
    case .file: .local
    case .rejected, .unauthorized, .notFound, .conflict, .billing, .redirected, .malformedResponse: .refused
    case .batchFailed: error.isQuota ? .quota : .refused
    case .timedOut: error.isEndOfWaiting ? .stillRunning : .unavailable
    case .connection, .insecure, .rateLimited, .serverError: .unavailable
    case .outcomeUnknown: .outcomeUnknown
    case .notEnded: .stillRunning
    case .noResults, .incomplete: .incomplete
    case .cancelled: .interrupted
    default: .unexpected
    }
  }

  private static func message(for error: BatchClientError) -> String {
    error.isQuota ? "\(error)\n\(BatchClientError.quotaAdvice)" : error.description
  }
}

extension BatchClientError {
  /// Whether the batch failed because too many tokens are queued.
  var isQuota: Bool { kind == .batchFailed && batchErrors.contains { $0.code == .tokenLimitExceeded } }
  static let quotaAdvice = "The quota of queued tokens is used up: nothing ran, send it again later."

  /// Whether the time of a wait is over.
  var isEndOfWaiting: Bool { kind == .timedOut && operation == "waitUntilEnded" }

  /// Why a wait never saw its batch; else the error itself.
  var cause: BatchClientError { isEndOfWaiting ? underlying as? BatchClientError ?? self : self }
}

/// A problem of the command line itself.
struct CommandProblem: Error {
  let status: ExitStatus
  let message: String
}

/// `openai-batch help exit-codes`
struct ExitCodesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exit-codes", abstract: "Lists the exit codes.",
    discussion: table)

  static var table: String {
    ExitStatus.allCases.map { status in
      let number = String(status.rawValue)
      return String(repeating: " ", count: 3 - number.count) + number + "  " + status.meaning
    }.joined(separator: "\n")
  }

  func run() throws {
    try Console.write(Self.table + "\n")
  }
}
