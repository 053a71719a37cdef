// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatch

/// What a job is known by: the same input for the same purpose has the same key on any machine.
struct JobKey {
  /// The mark of the job's first batch: a hash of what it does, or the caller's own key.
  let mark: String
  /// The name of its upload, by which the input is known again.
  let uploadName: String

  init(of file: RequestFile, _ options: BatchJob.Options) throws(BatchClientError) {
    let hash: String
    if let own = options.key {
      guard Self.split(own) == nil else {
        throw BatchClientError(
          InvalidParameter(
            field: "key", value: "\"\(own)\"",
            allowed: "a key that does not end in a slash and a number, as the later batches of one job do"),
          operation: "createBatch")
      }
      hash = try Self.hash(of: file, ["key", own])
      mark = own
    } else {
      let metadata = (options.metadata ?? [:]).sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
      hash = try Self.hash(
        of: file, [file.endpoint?.rawValue ?? "", options.completionWindow.rawValue] + metadata)
      mark = hash
    }
    uploadName = "\(Self.uploadPrefix)\(hash.prefix(Self.uploadDigits)).jsonl"
  }

  /// Whether a file has the name of a job's upload, of this or of another one.
  static func isUploadName(_ name: String) -> Bool {
    guard name.hasPrefix(uploadPrefix), name.hasSuffix(".jsonl") else { return false }
    let digits = name.dropFirst(uploadPrefix.count).dropLast(".jsonl".count)
    return digits.count == uploadDigits && digits.allSatisfy(\.isHexDigit)
  }

  private static let uploadPrefix = "requests-"
  private static let uploadDigits = 32

  /// The parts of `key/2`, by which a job's later batches are marked; `nil` for any other text.
  static func split(_ mark: String) -> (key: String, number: Int)? {
    guard let slash = mark.lastIndex(of: "/") else { return nil }
    let digits = mark[mark.index(after: slash)...]
    guard let number = Int(digits), 1..<1_000_000_000 ~= number, "\(number)" == digits else { return nil }
    return (String(mark[..<slash]), number)
  }

  /// SHA-256 over the input's bytes and some texts, as 64 hexadecimal digits.
  private static func hash(of file: RequestFile, _ texts: [String]) throws(BatchClientError) -> String {
    var hash = SHA256()
    do throws(FileFailure) {
      let bytes = try FileBytes(path: file.path)
      while !Task.isCancelled, let chunk = try bytes.next() { hash.update(chunk) }
    } catch {
      throw BatchClientError(error, operation: "hashInput")
    }
    if Task.isCancelled { throw .cancelled("hashInput") }
    for text in texts {
      // With its length, so that no text can pass for the beginning of the next.
      hash.update(Array("\(text.utf8.count):\(text)".utf8)[...])
    }
    return hash.hexDigest()
  }
}
