// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// What a case found.
public struct ConformanceResult: Sendable, CustomStringConvertible {
  /// How a case ended.
  public enum Outcome: Sendable, Hashable {
    /// The transport did what is promised.
    case passed
    /// It did not, in words.
    case failed(String)
    /// The case was not run, and why.
    case excluded(String)
  }

  /// The case.
  public let conformanceCase: ConformanceCase
  /// How it ended.
  public let outcome: Outcome
  /// How long it took.
  public let duration: Duration

  /// Whether the transport broke a promise.
  public var isFailure: Bool { if case .failed = outcome { true } else { false } }

  /// One line: the outcome, the case, the rows of the fault table, and the message.
  public var description: String {
    let subject = "\(conformanceCase) (\(conformanceCase.rows.joined(separator: ", ")))"
    return switch outcome {
    case .passed: "passed   \(subject)"
    case .failed(let message): "FAILED   \(subject): \(message)"
    case .excluded(let reason): "excluded \(subject): \(reason)"
    }
  }
}

/// The results of a suite, in the order in which its cases ran.
public struct ConformanceReport: Sendable, CustomStringConvertible {
  /// One for each case.
  public let results: [ConformanceResult]

  /// Creates a report.
  public init(_ results: [ConformanceResult]) { self.results = results }

  /// Whether no case failed.
  public var isConformant: Bool { failures.isEmpty }
  /// The cases that failed.
  public var failures: [ConformanceResult] { results.filter(\.isFailure) }

  /// A line for each case, and a sum.
  public var description: String {
    let excluded = results.count { if case .excluded = $0.outcome { true } else { false } }
    let passed = results.count - failures.count - excluded
    let sum = "\(passed) passed, \(failures.count) failed, \(excluded) excluded"
    return (results.map(\.description) + [sum]).joined(separator: "\n")
  }
}
