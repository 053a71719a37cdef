// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatch

/// The name of a job by what it does: the same input for the same purpose has the same key on any machine.
enum JobKey {
  /// The job's own key, or the hash of what it does.
  static func name(for file: RequestFile, _ options: BatchJob.Options) throws(BatchClientError) -> String {
    guard let own = options.key else { return try hash(of: file, options) }
    guard split(own) == nil else {
      throw BatchClientError(
        InvalidParameter(
          field: "key", value: "\"\(own)\"",
          allowed: "a key that does not end in a slash and a number, as the later batches of one job do"),
        operation: "createBatch")
    }
    return own
  }

  /// The parts of `key/2`, by which a job's later batches are marked; `nil` for any other text.
  static func split(_ mark: String) -> (key: String, number: Int)? {
    guard let slash = mark.lastIndex(of: "/") else { return nil }
    let digits = mark[mark.index(after: slash)...]
    guard let number = Int(digits), 1..<1_000_000_000 ~= number, "\(number)" == digits else { return nil }
    return (String(mark[..<slash]), number)
  }

  /// SHA-256 over input bytes, endpoint, window and metadata, as 64 hexadecimal digits.
  private static func hash(of file: RequestFile, _ options: BatchJob.Options) throws(BatchClientError)
    -> String
  {
    var hash = SHA256()
    do throws(FileFailure) {
      let bytes = try FileBytes(path: file.path)
      while let chunk = try bytes.next() { hash.update(chunk) }
    } catch {
      throw BatchClientError(error, operation: "hashInput")
    }
    let metadata = (options.metadata ?? [:]).sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
    for text in [file.endpoint?.rawValue ?? "", options.completionWindow.rawValue] + metadata {
      // With its length, so that no text can pass for the beginning of the next.
      hash.update(Array("\(text.utf8.count):\(text)".utf8)[...])
    }
    return hash.hexDigest()
  }
}
