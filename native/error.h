#ifndef NETNS_ERROR_H_
#define NETNS_ERROR_H_

#include <cerrno>

namespace netns {

// Repeats a system call while it is interrupted by a signal. Not for close().
template <typename Call>
inline auto retry(Call call) -> decltype(call()) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace netns

#endif  // NETNS_ERROR_H_
