// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Musl)
internal import Musl
#else
internal import Glibc
#endif

/// What this process has used so far.
public enum Usage {
  /// CPU time, of the process and of the kernel for it, in seconds.
  public static var cpuSeconds: Double {
    let usage = resources
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  /// The most memory that was resident at once, in MB.
  public static var peakMegabytes: Double {
    #if os(Linux)
    // `ru_maxrss` starts with the parent's peak on Linux; `VmHWM` is this program's own.
    var peak = 0.0
    if let status = fopen("/proc/self/status", "r") {
      defer { fclose(status) }
      var line = [CChar](repeating: 0, count: 256)
      while fgets(&line, CInt(line.count), status) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        if text.hasPrefix("VmHWM:") {
          peak = (Double(text.filter(\.isNumber)) ?? 0) / 1024
        }
      }
    }
    return peak
    #else
    return Double(resources.ru_maxrss) / 1_048_576
    #endif
  }

  private static var resources: rusage {
    var usage = rusage()
    getrusage(ownProcess, &usage)
    return usage
  }

  // `RUSAGE_SELF` is 0 everywhere, with a type of its own in some C libraries that `getrusage` does not take.
  private static let ownProcess: CInt = 0

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }
}
