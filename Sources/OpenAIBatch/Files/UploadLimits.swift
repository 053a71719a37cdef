// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels

/// How large the files are that a service takes, in bytes; the defaults are OpenAI's.
public struct UploadLimits: Sendable, Hashable {
  /// The most that one request uploads: 536,870,912 (512 MB). A larger file travels in parts.
  public var request = 512 << 20
  /// The longest file of purpose `batch`: 209,715,200 (200 MB).
  public var batchFile = 209_715_200
  /// The longest file that travels in parts: 8,589,934,592 (8 GB).
  public var partedFile = 8 << 30
  /// The longest part: 67,108,864 (64 MB). At least 1 MB.
  public var part = 64 << 20

  /// Creates OpenAI's limits.
  public init() {}

  /// Checks a file before anything of it is sent.
  func check(_ length: Int64, purpose: FilePurpose, method: UploadMethod) throws(InvalidParameter) {
    let most = travelsInParts(length, method) ? partedFile : request
    let limit = purpose == .batch ? min(most, batchFile) : most
    guard length <= limit else {
      throw InvalidParameter(field: "file", value: "\(length) bytes long", allowed: "at most \(limit) bytes")
    }
    if travelsInParts(length, method) {
      try InvalidParameter.check(part, in: UploadMethod.leastPartLength...Int.max, named: "longest part")
    }
    if case .parts(let length, let atOnce) = method.form {
      let longest = max(part, UploadMethod.leastPartLength)
      try InvalidParameter.check(length, in: UploadMethod.leastPartLength...longest, named: "part length")
      try InvalidParameter.check(atOnce, in: 1...UploadMethod.mostAtOnce, named: "parts at once")
    }
  }

  /// Whether a file is uploaded in parts. An empty one has none.
  func travelsInParts(_ length: Int64, _ method: UploadMethod) -> Bool {
    switch method.form {
    case .automatic: length > request
    case .whole: false
    case .parts: length > 0
    }
  }
}

/// In how many requests a file is uploaded.
public struct UploadMethod: Sendable, Hashable {
  enum Form: Sendable, Hashable {
    case automatic
    case whole
    case parts(length: Int, atOnce: Int)
  }
  let form: Form

  static let leastPartLength = 1 << 20
  static let mostAtOnce = 64

  /// One request where the service takes the file in one, parts for a larger file.
  public static let automatic = UploadMethod(form: .automatic)

  /// One request: `POST /files`.
  public static let whole = UploadMethod(form: .whole)

  /// Parts, by the Uploads API: what is lost with a connection is one part.
  ///
  /// - Parameters:
  ///   - length: The bytes of each part but the last: 1 MB to 64 MB.
  ///   - atOnce: How many travel at the same time: 1…64.
  public static func parts(ofLength length: Int = 64 << 20, atOnce: Int = 4) -> UploadMethod {
    UploadMethod(form: .parts(length: length, atOnce: atOnce))
  }
}
