import { type Course, isGivenUp } from './course.ts';

/** Something that is done once, however often it is asked for; who asks again waits for it. */
export class Once {
  #running: Promise<void> | undefined;
  #course: Course | undefined;

  /** Whether it is done, or on its way. */
  get begun(): boolean {
    return this.#running !== undefined && this.#course?.never !== true;
  }

  /** @param begin does it; may be given up by `course` before it has begun, and then it is not */
  async run(course: Course | undefined, begin: (course?: Course) => Promise<void>): Promise<void> {
    while (this.#running !== undefined) {
      course?.begin();
      try {
        return await this.#running;
      } catch (error) {
        // Another's, who gave it up before it had begun: it is still to be done.
        if (!isGivenUp(error)) throw error;
        course?.check();
      }
    }
    this.#course = course;
    this.#running = begin(course).catch((error) => {
      this.#running = undefined;
      throw error;
    });
    return this.#running;
  }
}
