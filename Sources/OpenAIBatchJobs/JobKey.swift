// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatch

/// The name of a job by what it does: the same input for the same purpose has the same key on any machine.
enum JobKey {
  /// SHA-256 over input bytes, endpoint, window and metadata, as 64 hexadecimal digits.
  static func hash(of file: RequestFile, _ options: BatchJob.Options) throws(BatchClientError) -> String {
    var hash = SHA256()
    do throws(FileFailure) {
      let bytes = try FileBytes(path: file.path)
      while let chunk = try bytes.next() { hash.update(chunk) }
    } catch {
      throw BatchClientError(.file, operation: "hashInput", error.description, underlying: error)
    }
    let metadata = (options.metadata ?? [:]).sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
    for text in [file.endpoint?.rawValue ?? "", options.completionWindow.rawValue] + metadata {
      // With its length, so that no text can pass for the beginning of the next.
      hash.update(Array("\(text.utf8.count):\(text)".utf8)[...])
    }
    return hash.hexDigest()
  }
}
